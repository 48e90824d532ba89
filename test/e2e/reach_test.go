//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

var _ = Describe("a guest", func() {
	It("is reached from outside of the cluster", Label("gate"), func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := tinyVM(namespace, "tiny", v1.RunStrategyAlways)
		evict := v1.EvictionStrategyExternal
		vm.Spec.Template.Spec.EvictionStrategy = &evict
		create(ctx, vm)
		vmi := waitRunning(ctx, vm)

		By("its web server, through a forwarded port")
		port := freePort()
		background(ctx, "port-forward", "vm/tiny/"+namespace, fmt.Sprintf("tcp/%d:80", port))
		Eventually(ctx, func() string { return page(port) }).WithTimeout(bootTimeout).WithPolling(poll).Should(ContainSubstring("tiny"))

		By("its web server, through a Service")
		_, err := virtctl(ctx, "expose", "vm", "tiny", "-n", namespace, "--name", "tiny", "--port", "80")
		Expect(err).NotTo(HaveOccurred())
		Expect(fetchFromOtherNode(ctx, vm, vmi.Status.NodeName)).To(ContainSubstring("tiny"))

		By("its screen")
		shot := filepath.Join(GinkgoT().TempDir(), "screen.png")
		_, err = virtctl(ctx, "vnc", "screenshot", "tiny", "-n", namespace, "--file", shot)
		Expect(err).NotTo(HaveOccurred())
		data, err := os.ReadFile(shot)
		Expect(err).NotTo(HaveOccurred())
		picture, err := png.Decode(bytes.NewReader(data))
		Expect(err).NotTo(HaveOccurred())
		Expect(picture.Bounds().Dx()).To(BeNumerically(">=", 640))
		Expect(rfbVersion(ctx, namespace, "tiny")).To(HavePrefix("RFB 003."))

		By("and is not evicted")
		pod := launcherPod(ctx, vmi)
		err = k8s.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{})
		Expect(apierrors.IsTooManyRequests(err)).To(BeTrue(), "evicting it: %v", err)
		Expect(instance(ctx, vm).Status.EvacuationNodeName).To(Equal(vmi.Status.NodeName))

		By("saying what is missing")
		for _, c := range []struct{ args, want string }{
			{"guestosinfo tiny", "the guest agent is not connected"},
			{"guest exec tiny -- true", "the guest agent is not connected"},
			{"vnc nosuch --proxy-only", "there is no running virtual machine instance nosuch"},
			{"usbredir tiny --no-launch", "spec.domain.devices.clientPassthrough"},
			{"migrate tiny", "not part of this version"},
		} {
			_, err := virtctl(ctx, append([]string{"-n", namespace}, strings.Fields(c.args)...)...)
			Expect(err).To(MatchError(ContainSubstring(c.want)), c.args)
		}
	})

	It("is looked into by its agent, and by ssh", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		dir := GinkgoT().TempDir()
		key := filepath.Join(dir, "key")
		_, err := run(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
		Expect(err).NotTo(HaveOccurred())
		public, err := os.ReadFile(key + ".pub")
		Expect(err).NotTo(HaveOccurred())
		vm := tinyVM(namespace, "debian", v1.RunStrategyAlways)
		vm.Spec.Template.Spec.Domain.Memory.Guest = quantity("512Mi")
		vm.Spec.Template.Spec.Volumes[0].ContainerDisk.Image = debianGuest
		addVolume(vm, "cloud", v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{
			UserData: "#cloud-config\ndisable_root: false\nusers:\n- name: root\n  ssh_authorized_keys: ['" + strings.TrimSpace(string(public)) + "']\n",
		}})
		create(ctx, vm)
		waitRunning(ctx, vm)
		Eventually(ctx, func() bool { return instance(ctx, vm).IsConditionTrue(v1.ConditionAgentConnected) }).
			WithTimeout(debianBootTimeout).WithPolling(time.Second).Should(BeTrue(), "the guest agent should connect")
		inGuest := func(args ...string) (string, error) {
			return virtctl(ctx, append([]string{"guest", "exec", "debian", "-n", namespace, "--"}, args...)...)
		}

		By("asking what it is")
		out, err := virtctl(ctx, "guestosinfo", "debian", "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		var info subresourcesv1.VirtualMachineInstanceGuestAgentInfo
		Expect(json.Unmarshal([]byte(out), &info)).To(Succeed())
		Expect(info.OS.ID).To(Equal("debian"))
		Expect(info.SupportedCommands).NotTo(BeEmpty())
		out, err = virtctl(ctx, "fslist", "debian", "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		var filesystems subresourcesv1.VirtualMachineInstanceFileSystemList
		Expect(json.Unmarshal([]byte(out), &filesystems)).To(Succeed())
		Expect(filesystems.Items).To(ContainElement(HaveField("MountPoint", "/")))
		_, err = virtctl(ctx, "userlist", "debian", "-n", namespace)
		Expect(err).NotTo(HaveOccurred())

		By("running programs in it")
		Expect(inGuest("uname", "-s")).To(Equal("Linux\n"))
		_, err = inGuest("sh", "-c", "echo no >&2; exit 7")
		var exit *exec.ExitError
		Expect(err).To(MatchError(ContainSubstring("no\n")))
		Expect(errors.As(err, &exit)).To(BeTrue())
		Expect(exit.ExitCode()).To(Equal(7))
		_, err = inGuest("/no/such/program")
		Expect(errors.As(err, &exit)).To(BeTrue())
		Expect(exit.ExitCode()).To(Equal(127), "as shells count")

		By("copying a file in and out")
		content := make([]byte, 3<<20+17)
		_, _ = rand.Read(content)
		sent, received := filepath.Join(dir, "sent"), filepath.Join(dir, "received")
		Expect(os.WriteFile(sent, content, 0o600)).To(Succeed())
		_, err = virtctl(ctx, "guest", "cp", sent, "debian:/root/blob", "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		_, err = virtctl(ctx, "guest", "cp", "debian:/root/blob", received, "-n", namespace)
		Expect(err).NotTo(HaveOccurred())
		back, err := os.ReadFile(received)
		Expect(err).NotTo(HaveOccurred())
		Expect(bytes.Equal(back, content)).To(BeTrue(), "the file should come back as it was")

		By("logging in")
		login := []string{"-i", key, "--known-hosts", filepath.Join(dir, "known"), "-n", namespace}
		Eventually(ctx, func() (string, error) {
			return virtctl(ctx, append([]string{"ssh", "root@vm/debian", "-c", "hostname", "-t", "-o StrictHostKeyChecking=no"}, login...)...)
		}).WithTimeout(debianBootTimeout).WithPolling(2 * time.Second).Should(ContainSubstring("debian"))
		_, err = virtctl(ctx, append([]string{"scp", sent, "root@vm/debian:/root/copied", "-t", "-o StrictHostKeyChecking=no"}, login...)...)
		Expect(err).NotTo(HaveOccurred())
		Expect(inGuest("cmp", "/root/blob", "/root/copied")).To(BeEmpty())

		By("keeping those out who may only look")
		create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "viewer"}})
		bind(ctx, namespace, "viewer", "view")
		_, err = virtctlAs(ctx, namespace, "viewer", "guest", "exec", "debian", "--", "true")
		Expect(err).To(MatchError(ContainSubstring("you may not create virtualmachineinstances/exec")))
		_, err = virtctlAs(ctx, namespace, "viewer", "guestosinfo", "debian")
		Expect(err).NotTo(HaveOccurred())
	}, SpecTimeout(12*time.Minute))
})

// freePort returns a port of this machine that nobody uses now.
func freePort() int {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// background runs virtctl until the spec ends; its output comes line by line.
func background(ctx context.Context, args ...string) io.Reader {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, checkout("hack", "virtctl.sh"), args...)
	out, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	cmd.Stderr = GinkgoWriter
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return out
}

// page fetches / from a port of this machine; empty when that fails.
func page(port int) string {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}

// rfbVersion is how a guest's VNC server greets a viewer (RFC 6143).
func rfbVersion(ctx context.Context, namespace, name string) string {
	GinkgoHelper()
	var proxy struct {
		Port int `json:"port"`
	}
	Expect(json.NewDecoder(background(ctx, "vnc", name, "-n", namespace, "--proxy-only")).Decode(&proxy)).To(Succeed())
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", proxy.Port))
	Expect(err).NotTo(HaveOccurred())
	defer conn.Close()
	Expect(conn.SetReadDeadline(time.Now().Add(bootTimeout))).To(Succeed())
	greeting := make([]byte, len("RFB 003.008\n"))
	_, err = io.ReadFull(conn, greeting)
	Expect(err).NotTo(HaveOccurred())
	return string(greeting)
}
