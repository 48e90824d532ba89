//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// componentPort is where every component serves metrics and health.
	componentPort = "8443"
	// followed is the time in which a change of the KubeVirt object is in effect.
	followed = 10 * time.Second
)

var _ = Describe("the configuration", Serial, func() {
	It("reaches every component within ten seconds, and restarts none", Label("gate"), func(ctx context.Context) {
		before := componentPods(ctx)
		Expect(len(before)).To(BeNumerically(">=", 3))
		addresses := map[string]string{}
		for name := range before {
			addresses[name] = forwarded(ctx, name)
			Expect(greet(addresses[name], tls.VersionTLS12)).To(Succeed(), name)
		}

		configureAll(ctx, `{"spec":{"configuration":{
			"tlsConfiguration":{"minTLSVersion":"VersionTLS13"},
			"controllerConfiguration":{"restClient":{"rateLimiter":{"tokenBucketRateLimiter":{"qps":150,"burst":300}}}},
			"developerConfiguration":{"logVerbosity":{"virtAPI":3,"virtController":3,"virtHandler":3,"virtOperator":3}}
		}}}`, `{"spec":{"configuration":{
			"tlsConfiguration":null,"controllerConfiguration":null,"developerConfiguration":{"logVerbosity":null}
		}}}`)
		for name, address := range addresses {
			Expect(greet(address, tls.VersionTLS12)).To(MatchError(ContainSubstring("protocol version")), name)
			Expect(greet(address, tls.VersionTLS13)).To(Succeed(), name)
		}
		Expect(componentPods(ctx)).To(Equal(before))
	}, SpecTimeout(2*time.Minute))

	It("reaches the launchers of running guests", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "told", v1.RunStrategyAlways)
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)
		pod := launcherPod(ctx, vmi)
		logged := func() string {
			return kubectl(ctx, "logs", "-n", namespace, pod.Name, "-c", "compute")
		}
		Expect(logged()).NotTo(ContainSubstring(`"msg":"call"`))
		configureAll(ctx, fmt.Sprintf(`{"spec":{"configuration":{"developerConfiguration":{"logVerbosity":{"nodeVerbosity":{%q:4}}}}}}`, vmi.Status.NodeName),
			`{"spec":{"configuration":{"developerConfiguration":{"logVerbosity":null}}}}`)
		Eventually(ctx, logged).WithTimeout(followed).WithPolling(time.Second).Should(ContainSubstring("ACTION_LOG_VERBOSITY"))
		Expect(put(ctx, vmi, "pause", "{}")).To(Succeed())
		Eventually(ctx, logged).WithTimeout(followed).WithPolling(time.Second).Should(MatchRegexp(`"msg":"call".*/Signal`))
		Expect(launcherPod(ctx, vmi).UID).To(Equal(pod.UID))
	}, SpecTimeout(5*time.Minute))
})

// componentPods tells the pods of the components apart, and the runs of each.
func componentPods(ctx context.Context) map[string]string {
	GinkgoHelper()
	var list corev1.PodList
	Expect(k8s.List(ctx, &list, client.InNamespace(installNamespace), client.HasLabels{v1.LabelPrometheus})).To(Succeed())
	pods := map[string]string{}
	for i := range list.Items {
		pod := &list.Items[i]
		runs := string(pod.UID)
		for _, status := range pod.Status.ContainerStatuses {
			runs += fmt.Sprintf(" %s %d", status.ContainerID, status.RestartCount)
		}
		pods[pod.Name] = runs
	}
	return pods
}

// configureAll changes the KubeVirt object for the rest of the spec; every component
// says in time that it has noticed.
func configureAll(ctx context.Context, change, undo string) {
	GinkgoHelper()
	patch := func(ctx context.Context, change string) {
		GinkgoHelper()
		Expect(k8s.Patch(ctx, installation(ctx), client.RawPatch("application/merge-patch+json", []byte(change)))).To(Succeed())
		// The operator may write the object's status meanwhile, which counts as a change.
		Eventually(ctx, func(g Gomega) {
			for name := range componentPods(ctx) {
				g.Expect(inEffect(ctx, g, name)).To(Equal(installation(ctx).ResourceVersion), name)
			}
		}).WithTimeout(followed).WithPolling(poll).Should(Succeed())
	}
	patch(ctx, change)
	DeferCleanup(func(ctx context.Context) { patch(ctx, undo) }, NodeTimeout(time.Minute))
}

// inEffect asks a component, through the API server, for the configuration in effect.
func inEffect(ctx context.Context, g Gomega, pod string) string {
	httpClient, err := rest.HTTPClientFor(config)
	g.Expect(err).NotTo(HaveOccurred())
	url := fmt.Sprintf("%s/api/v1/namespaces/%s/pods/https:%s:%s/proxy/healthz", config.Host, installNamespace, pod, componentPort)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	g.Expect(err).NotTo(HaveOccurred())
	answer, err := httpClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	g.Expect(err).NotTo(HaveOccurred())
	var health map[string]string
	g.Expect(json.Unmarshal(text, &health)).To(Succeed(), "%s: %s", pod, text)
	return health["config-resource-version"]
}

// forwarded returns an address that is a component's own for the rest of the spec.
func forwarded(ctx context.Context, pod string) string {
	GinkgoHelper()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	Expect(err).NotTo(HaveOccurred())
	url := fmt.Sprintf("%s/api/v1/namespaces/%s/pods/%s/portforward", config.Host, installNamespace, pod)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	Expect(err).NotTo(HaveOccurred())
	stop, ready := make(chan struct{}), make(chan struct{})
	DeferCleanup(func() { close(stop) })
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, request.URL)
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{"0:" + componentPort}, stop, ready, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-ended:
		Fail(fmt.Sprintf("forwarding a port of %s: %v", pod, err))
	case <-ctx.Done():
		Fail(fmt.Sprintf("forwarding a port of %s takes too long", pod))
	}
	ports, err := forwarder.GetPorts()
	Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("127.0.0.1:%d", ports[0].Local)
}

// greet shakes hands with a component as a client that speaks no later TLS than that.
func greet(address string, latest uint16) error {
	//nolint:gosec // Who answers is not the question, but how.
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MaxVersion: latest})
	if err != nil {
		return err
	}
	return conn.Close()
}
