//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// soakRounds unless SOAK_ROUNDS says otherwise.
	soakRounds = 20
	// soakGuests start and end in each round.
	soakGuests = 5
)

var _ = Describe("many guests, one after the other", func() {
	It("leave neither objects nor processes, mounts or links behind", Label("soak"), func(ctx context.Context) {
		rounds := soakRounds
		if text := os.Getenv("SOAK_ROUNDS"); text != "" {
			var err error
			rounds, err = strconv.Atoi(text)
			Expect(err).NotTo(HaveOccurred())
		}
		namespace := newNamespace(ctx)
		before := leftovers(ctx)
		for round := range rounds {
			By(fmt.Sprintf("round %d of %d", round+1, rounds))
			for i := range soakGuests {
				create(ctx, tinyVM(namespace, fmt.Sprintf("guest-%d", i), v1.RunStrategyAlways))
			}
			for i := range soakGuests {
				waitRunning(ctx, tinyVM(namespace, fmt.Sprintf("guest-%d", i), v1.RunStrategyAlways))
			}
			Expect(k8s.DeleteAllOf(ctx, &v1.VirtualMachine{}, client.InNamespace(namespace))).To(Succeed())
			Eventually(ctx, func(g Gomega) int {
				var pods corev1.PodList
				var instances v1.VirtualMachineInstanceList
				g.Expect(k8s.List(ctx, &pods, client.InNamespace(namespace))).To(Succeed())
				g.Expect(k8s.List(ctx, &instances, client.InNamespace(namespace))).To(Succeed())
				return len(pods.Items) + len(instances.Items)
			}).WithTimeout(2 * time.Minute).WithPolling(poll).Should(BeZero())
		}
		Eventually(ctx, func() string { return leftovers(ctx) }).WithTimeout(time.Minute).WithPolling(time.Second).Should(Equal(before))
	})
})

// leftovers counts on every node what a guest needs and has to give back.
func leftovers(ctx context.Context) string {
	GinkgoHelper()
	var nodes corev1.NodeList
	Expect(k8s.List(ctx, &nodes)).To(Succeed())
	var counts []string
	for _, node := range nodes.Items {
		out, err := onNode(ctx, node.Name, "sh", "-c",
			`echo processes $(cat /proc/[0-9]*/comm 2>/dev/null | grep -cE 'qemu|libvirtd|virt-launcher') `+
				`mounts $(grep -c containerd /proc/mounts) links $(ls /sys/class/net | wc -l)`)
		Expect(err).NotTo(HaveOccurred())
		counts = append(counts, node.Name+" "+strings.TrimSpace(out))
	}
	return strings.Join(counts, "; ")
}
