//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	streams "kubevirt.io/kubevirt/internal/virtctl/client"
)

// streamsPerGuest are open at once.
const streamsPerGuest = 100

var _ = Describe("streams", Serial, func() {
	It("carry what they are given, two hundred at once", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		const last = 20000
		var numbers strings.Builder
		for i := range last {
			fmt.Fprintln(&numbers, i+1)
		}
		guests := []*v1.VirtualMachine{tinyVM(namespace, "one", v1.RunStrategyAlways), tinyVM(namespace, "two", v1.RunStrategyAlways)}
		for _, vm := range guests {
			create(ctx, vm)
		}
		for _, vm := range guests {
			waitRunning(ctx, vm)
			console := openConsole(ctx, namespace, vm.Name)
			console.login(ctx)
			console.shell(ctx, fmt.Sprintf("seq 1 %d >/www/numbers", last))
			Eventually(ctx, func() error { return fetch(ctx, namespace, vm.Name, numbers.String()) }).
				WithTimeout(bootTimeout).WithPolling(time.Second).Should(Succeed(), "the web server of "+vm.Name)
		}
		var all errgroup.Group
		for _, vm := range guests {
			for range streamsPerGuest {
				all.Go(func() error { return fetch(ctx, namespace, vm.Name, numbers.String()) })
			}
		}
		Expect(all.Wait()).To(Succeed())
	}, SpecTimeout(6*time.Minute))

	It("end with virt-handler, say so, and leave the guest alone", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		before := waitRunning(ctx, vm)
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)
		// The shell may still be drawing its prompt.
		bootOf := func(c *serialConsole) string {
			return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(c.shell(ctx, "cat /proc/sys/kernel/random/boot_id"))
		}
		boot := bootOf(console)
		Expect(boot).NotTo(BeEmpty())
		console.send("while sleep 1; do date >/tmp/alive; echo tick; done &")
		console.expect(ctx, "tick", 20*time.Second)

		kill(ctx, "virt-handler")
		console.expect(ctx, "the connection to the node of the guest was lost", time.Minute)

		Expect(instance(ctx, vm).UID).To(Equal(before.UID))
		again := openConsole(ctx, namespace, vm.Name)
		again.expect(ctx, "tick", bootTimeout) // what was going on goes on
		again.send("kill %1")
		again.login(ctx)
		Expect(bootOf(again)).To(Equal(boot))
	}, SpecTimeout(4*time.Minute))
})

// fetch reads a page of a guest's web server over a stream of its own.
func fetch(ctx context.Context, namespace, guest, want string) error {
	client, err := streams.New(genericclioptions.NewConfigFlags(true))
	if err != nil {
		return err
	}
	stream, err := client.In(namespace).Stream(ctx, streams.InstanceResource, guest, "portforward/80/tcp")
	if err != nil {
		return fmt.Errorf("opening a stream to %s: %w", guest, err)
	}
	defer stream.Close()
	if _, err := io.WriteString(stream, "GET /numbers HTTP/1.0\r\n\r\n"); err != nil {
		return fmt.Errorf("asking %s: %w", guest, err)
	}
	answer, err := io.ReadAll(stream)
	if err != nil {
		return fmt.Errorf("reading from %s: %w", guest, err)
	}
	if _, page, _ := strings.Cut(string(answer), "\r\n\r\n"); page != want {
		return fmt.Errorf("%s answered with %d bytes instead of %d, %.100q", guest, len(page), len(want), answer)
	}
	return nil
}
