package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"kubevirt.io/kubevirt/test/cluster/cgroup"
	"kubevirt.io/kubevirt/test/cluster/controlplane"
	"kubevirt.io/kubevirt/test/cluster/imagestore"
	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/supervise"
	"kubevirt.io/kubevirt/test/cluster/volumes"
)

// Control is the background process that runs the control plane and serves
// the images until it is told to end.
func Control(c *settings.Cluster) error {
	if err := cgroup.Enter(controlCgroup(c)); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go serveImages(c)
	group, err := supervise.Start(ctx, c.Logs(), controlplane.Programs(c))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	go provision(ctx, c)
	<-ctx.Done()
	group.Stop()
	return nil
}

func serveImages(c *settings.Cluster) {
	for {
		store, err := imagestore.Open(c.Images)
		if err == nil {
			server := &http.Server{Addr: c.RegistryAddress(), Handler: store, ReadHeaderTimeout: 10 * time.Second}
			err = server.ListenAndServe()
		}
		if errors.Is(err, http.ErrServerClosed) {
			return
		}
		fmt.Fprintln(os.Stderr, "serving images:", err)
		time.Sleep(time.Second)
	}
}

func provision(ctx context.Context, c *settings.Cluster) {
	for ctx.Err() == nil {
		api, err := connect(c)
		if err == nil {
			err = volumes.Run(ctx, api, c)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "provisioning volumes:", err)
			time.Sleep(time.Second)
		}
	}
}
