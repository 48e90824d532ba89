//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	streams "kubevirt.io/kubevirt/internal/virtctl/client"
)

// Lives of certificates that pass while one looks on.
const shortLives = `{"ca":{"duration":"120s","renewBefore":"60s"},"server":{"duration":"60s","renewBefore":"30s"}}`

var _ = Describe("certificates", Serial, func() {
	It("rotate while everything is in use", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		before, err := json.Marshal(installation(ctx).Spec.CertificateRotateStrategy.SelfSigned)
		Expect(err).NotTo(HaveOccurred())
		console := openConsole(ctx, namespace, vm.Name)
		console.login(ctx)

		users := &users{failures: map[string]error{}, seen: map[string][]*x509.Certificate{}}
		users.keep(ctx, "admission of machines", time.Second, func(ctx context.Context) error {
			return k8s.Create(ctx, tinyVM(namespace, "imagined", v1.RunStrategyHalted), client.DryRunAll)
		})
		users.keep(ctx, "admission of the KubeVirt object", time.Second, func(ctx context.Context) error {
			return k8s.Patch(ctx, installation(ctx), client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"productName":"imagined"}}`)), client.DryRunAll)
		})
		users.keep(ctx, "questions", time.Second, func(ctx context.Context) error { return look(ctx, vmi) })
		users.keep(ctx, "streams", time.Second, func(ctx context.Context) error { return ping(ctx, namespace, vm.Name) })
		users.keep(ctx, "servers", time.Second, users.greetAll)

		By("rotating every minute")
		rotate(ctx, shortLives)
		DeferCleanup(func(ctx context.Context) {
			rotate(ctx, string(before))
			Eventually(ctx, func() time.Duration { return remaining(ctx) }).
				WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(BeNumerically(">", time.Hour))
		}, NodeTimeout(6*time.Minute))
		Eventually(ctx, users.least).WithTimeout(8*time.Minute).WithPolling(time.Second).Should(BeNumerically(">=", 6), "certificates served by each component")
		Expect(users.authorities()).To(BeNumerically(">=", 3))
		console.login(ctx)
		Expect(console.shell(ctx, "echo still here")).To(ContainSubstring("still here"))

		By("accepting none of the first ones any more")
		pool := trusted(ctx)
		for name, served := range users.seen {
			_, err := served[0].Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, CurrentTime: served[0].NotBefore.Add(time.Minute)})
			Expect(err).To(MatchError(ContainSubstring("unknown authority")), name)
		}

		By("going back to long lives")
		rotate(ctx, string(before))
		Eventually(ctx, func() time.Duration { return users.shortest() }).
			WithTimeout(5 * time.Minute).WithPolling(time.Second).Should(BeNumerically(">", time.Hour))
		users.stop()
		Expect(users.failures).To(BeEmpty())
	}, SpecTimeout(20*time.Minute))
})

// rotate sets how long certificates live.
func rotate(ctx context.Context, selfSigned string) {
	GinkgoHelper()
	patch := `{"spec":{"certificateRotateStrategy":{"selfSigned":` + selfSigned + `}}}`
	Expect(k8s.Patch(ctx, installation(ctx), client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
}

// remaining is how long virt-api's certificate still lives.
func remaining(ctx context.Context) time.Duration {
	GinkgoHelper()
	var secret corev1.Secret
	Expect(k8s.Get(ctx, client.ObjectKey{Namespace: installNamespace, Name: "kubevirt-virt-api-certs"}, &secret)).To(Succeed())
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	Expect(err).NotTo(HaveOccurred())
	return time.Until(pair.Leaf.NotAfter)
}

// trusted are the authorities that vouch for components now.
func trusted(ctx context.Context) *x509.CertPool {
	GinkgoHelper()
	pool, err := authoritiesNow(ctx)
	Expect(err).NotTo(HaveOccurred())
	return pool
}

func authoritiesNow(ctx context.Context) (*x509.CertPool, error) {
	var published corev1.ConfigMap
	if err := k8s.Get(ctx, client.ObjectKey{Namespace: installNamespace, Name: "kubevirt-ca"}, &published); err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(published.Data["ca-bundle"])) {
		return nil, fmt.Errorf("there is no authority")
	}
	return pool, nil
}

// users use an installation in several ways at once and remember what failed.
type users struct {
	group sync.WaitGroup
	ends  []context.CancelFunc

	mutex    sync.Mutex
	failures map[string]error
	// seen are the certificates that each component has served, in turn.
	seen map[string][]*x509.Certificate
}

// keep does something again and again.
func (u *users) keep(ctx context.Context, what string, pause time.Duration, do func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	DeferCleanup(cancel)
	u.ends = append(u.ends, cancel)
	u.group.Go(func() {
		defer GinkgoRecover()
		for ctx.Err() == nil {
			err := do(ctx)
			if err != nil && ctx.Err() == nil {
				GinkgoWriter.Printf("%s %s: %v\n", time.Now().Format(time.StampMilli), what, err)
				u.mutex.Lock()
				u.failures[what] = err
				u.mutex.Unlock()
			}
			time.Sleep(pause)
		}
	})
}

func (u *users) stop() {
	for _, end := range u.ends {
		end()
	}
	u.group.Wait()
}

// greetAll connects to each server of each component as a client does that trusts
// whom the installation says.
func (u *users) greetAll(ctx context.Context) error {
	for component, name := range map[string]string{
		"virt-operator": "kubevirt-operator-webhook." + installNamespace + ".svc", "virt-api": "virt-api." + installNamespace + ".svc",
		"virt-controller": "kubevirt-prometheus-metrics." + installNamespace + ".svc", "virt-handler": "virt-handler",
	} {
		var pods corev1.PodList
		if err := k8s.List(ctx, &pods, client.InNamespace(installNamespace), client.MatchingLabels{v1.LabelComponent: component}); err != nil {
			return err
		}
		for i := range pods.Items {
			if err := u.greet(ctx, &pods.Items[i], name); err != nil {
				return fmt.Errorf("pod %s: %w", pods.Items[i].Name, err)
			}
		}
	}
	return nil
}

// greet asks a pod for its metrics, over a connection of its own.
func (u *users) greet(ctx context.Context, pod *corev1.Pod, name string) error {
	pool, err := authoritiesNow(ctx)
	if err != nil {
		return err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name}, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+net.JoinHostPort(pod.Status.PodIP, "8443")+"/metrics", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	served := answer.TLS.PeerCertificates[0]
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if list := u.seen[pod.Name]; len(list) == 0 || !list[len(list)-1].Equal(served) {
		u.seen[pod.Name] = append(list, served)
	}
	return nil
}

// least is how many certificates every component has served at least.
func (u *users) least() int {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if len(u.seen) == 0 {
		return 0
	}
	least := math.MaxInt
	for _, list := range u.seen {
		least = min(least, len(list))
	}
	return least
}

// authorities is how many have signed what was served.
func (u *users) authorities() int {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	names := map[string]bool{}
	for _, list := range u.seen {
		for _, served := range list {
			names[served.Issuer.String()] = true
		}
	}
	return len(names)
}

// shortest is how long the certificates live that are served now.
func (u *users) shortest() time.Duration {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	shortest := 1000 * time.Hour
	for _, list := range u.seen {
		shortest = min(shortest, time.Until(list[len(list)-1].NotAfter))
	}
	return shortest
}

// look takes a picture of a guest's display, which virt-api asks the node's virt-handler for.
func look(ctx context.Context, vmi *v1.VirtualMachineInstance) error {
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("%s/apis/subresources.kubevirt.io/v1/namespaces/%s/virtualmachineinstances/%s/vnc/screenshot",
		config.Host, vmi.Namespace, vmi.Name)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := httpClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("%s: %s", answer.Status, said)
	}
	return nil
}

// ping opens a guest's display.
func ping(ctx context.Context, namespace, guest string) error {
	client, err := streams.New(genericclioptions.NewConfigFlags(true))
	if err != nil {
		return err
	}
	stream, err := client.In(namespace).Stream(ctx, streams.InstanceResource, guest, "vnc")
	if err != nil {
		return fmt.Errorf("opening a stream to %s: %w", guest, err)
	}
	return stream.Close()
}
