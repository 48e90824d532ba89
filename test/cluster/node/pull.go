package node

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

// Pull makes the running node fetch an image by name, also if it has an older
// one of that name.
func Pull(ctx context.Context, c *settings.Cluster, n settings.Node, image string) error {
	pid := Pid(c, n)
	if pid == 0 {
		return fmt.Errorf("%s does not run", n.Name)
	}
	socket := fmt.Sprintf("unix:///proc/%d/root/run/containerd/containerd.sock", pid)
	conn, err := grpc.NewClient(socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting to the containerd of %s: %w", n.Name, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	_, err = cri.NewImageServiceClient(conn).PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: image}})
	if err != nil {
		return fmt.Errorf("pulling %s on %s: %w", image, n.Name, err)
	}
	return nil
}
