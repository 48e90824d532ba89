package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"kubevirt.io/kubevirt/test/cluster/imagestore"
	"kubevirt.io/kubevirt/test/cluster/node"
	"kubevirt.io/kubevirt/test/cluster/settings"
)

// loadImage stores images and lets the running nodes fetch them, so that a
// name that stood for an older image stands for the new one everywhere.
func loadImage(ctx context.Context, c *settings.Cluster, args []string) error {
	var names, files []string
	pull := true
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--name" && i+1 < len(args):
			i++
			names = append(names, args[i])
		case args[i] == "--no-pull":
			pull = false
		default:
			files = append(files, args[i])
		}
	}
	if len(files) == 0 {
		return errors.New("want the file of an image")
	}
	if c.Provider == "external" {
		fmt.Println("an existing cluster pulls its images itself: push them to a registry it reaches")
		return nil
	}
	store, err := imagestore.Open(c.Images)
	if err != nil {
		return err
	}
	var loaded []string
	for _, f := range files {
		tagged, err := load(store, f, names)
		if err != nil {
			return err
		}
		loaded = append(loaded, tagged...)
	}
	if !pull {
		return nil
	}
	return pullEverywhere(ctx, c, loaded)
}

// load stores an archive's images and returns their names.
func load(store *imagestore.Store, file string, names []string) ([]string, error) {
	images, err := store.Load(file)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 && len(images) != 1 {
		return nil, fmt.Errorf("%s has %d images: it cannot be given a name", filepath.Base(file), len(images))
	}
	var tagged []string
	for _, image := range images {
		to := image.Names
		if len(names) > 0 {
			to = names
		}
		if len(to) == 0 {
			return nil, fmt.Errorf("%s gives its image no name: use --name", file)
		}
		for _, name := range to {
			if err := store.Tag(name, image.Digest); err != nil {
				return nil, err
			}
			fmt.Printf("%s@%s\n", name, image.Digest)
			tagged = append(tagged, name)
		}
	}
	return tagged, nil
}

func pullEverywhere(ctx context.Context, c *settings.Cluster, names []string) error {
	if _, err := os.Stat(c.Kubeconfig()); err != nil {
		// Nothing runs yet.
		return nil
	}
	var wait sync.WaitGroup
	problems := make([]error, c.NumNodes)
	for i, n := range c.Nodes() {
		if node.Pid(c, n) == 0 {
			continue
		}
		wait.Go(func() {
			for _, name := range names {
				if err := node.Pull(ctx, c, n, name); err != nil {
					problems[i] = err
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(problems...)
}

func listImages(_ context.Context, c *settings.Cluster, _ []string) error {
	store, err := imagestore.Open(c.Images)
	if err != nil {
		return err
	}
	names, err := store.List()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Printf("%s@%s\n", name, names[name])
	}
	return nil
}
