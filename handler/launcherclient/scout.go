package launcherclient

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// below are the directories between a pod's and its launcher's socket.
var below = []string{"volumes", "kubernetes.io~empty-dir", "run", launcherSocket}

// Scout watches for launchers that begin to serve, and follows each as the one of
// the instance it claims to work for. The kubelet tells the API server a second
// later that the pod runs; that second is what this is good for. It returns when
// ctx is done.
func (r *Registry) Scout(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching for launchers: %w", err)
	}
	defer func() { _ = watcher.Close() }()
	if err := watcher.Add(r.finder.Pods); err != nil {
		return fmt.Errorf("watching %s: %w", r.finder.Pods, err)
	}
	s := scout{registry: r, watcher: watcher}
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-watcher.Events:
			if event.Has(fsnotify.Create) {
				s.created(ctx, event.Name)
			}
		case err := <-watcher.Errors:
			// What is missed is found later, on the instance's account.
			r.log.V(1).Info("Missed what has happened to pods", "reason", err.Error())
		}
	}
}

type scout struct {
	registry *Registry
	watcher  *fsnotify.Watcher
}

// created follows the path down to the socket of a new pod. A directory may have
// been filled before it was watched, so it is looked into as well.
func (s scout) created(ctx context.Context, path string) {
	relative, err := filepath.Rel(s.registry.finder.Pods, path)
	if err != nil {
		return
	}
	parts := strings.Split(relative, string(filepath.Separator))
	for depth, part := range parts[1:] {
		if depth >= len(below) || part != below[depth] {
			return
		}
	}
	depth := len(parts) - 1
	if depth == len(below) {
		s.unwatch(parts[0])
		go s.registry.greet(ctx, parts[0])
		return
	}
	if s.watcher.Add(path) != nil {
		return // it is gone again, or is no directory
	}
	next := filepath.Join(path, below[depth])
	if _, err := os.Lstat(next); err == nil {
		s.created(ctx, next)
	}
}

// unwatch gives up a pod's directories: each pod is looked at once.
func (s scout) unwatch(podUID string) {
	path := filepath.Join(s.registry.finder.Pods, podUID)
	for _, part := range below {
		_ = s.watcher.Remove(path)
		path = filepath.Join(path, part)
	}
}
