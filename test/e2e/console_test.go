//go:build e2e

package e2e

import (
	"context"
	"io"
	"os/exec"
	"regexp"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// serialConsole is a person at `virtctl console`.
type serialConsole struct {
	in     io.WriteCloser
	mutex  sync.Mutex
	output []byte
	// seen is how much of the output earlier expectations have consumed.
	seen int
}

// openConsole attaches to a guest's console until the spec ends.
func openConsole(ctx context.Context, namespace, name string) *serialConsole {
	GinkgoHelper()
	cmd := exec.Command(checkout("hack", "virtctl.sh"), "console", name, "-n", namespace)
	in, err := cmd.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	c := &serialConsole{in: in}
	cmd.Stdout, cmd.Stderr = c, c
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if CurrentSpecReport().Failed() {
			GinkgoWriter.Printf("--- console of %s\n%s\n", name, c.output)
		}
	})
	c.expect(ctx, "Successfully connected to", bootTimeout)
	return c
}

// Write takes the console's output.
func (c *serialConsole) Write(p []byte) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.output = append(c.output, p...)
	return len(p), nil
}

// send types a line.
func (c *serialConsole) send(line string) {
	GinkgoHelper()
	_, err := io.WriteString(c.in, line+"\n")
	Expect(err).NotTo(HaveOccurred())
}

// expect waits for output that matches and returns the match with its groups.
func (c *serialConsole) expect(ctx context.Context, pattern string, timeout time.Duration) []string {
	GinkgoHelper()
	re := regexp.MustCompile(pattern)
	var match []string
	Eventually(ctx, func() bool { return c.find(re, &match) }).WithTimeout(timeout).WithPolling(poll).
		Should(BeTrue(), "the console should show %q", pattern)
	return match
}

func (c *serialConsole) find(re *regexp.Regexp, match *[]string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	unseen := c.output[c.seen:]
	at := re.FindSubmatchIndex(unseen)
	if at == nil {
		return false
	}
	*match = nil
	for i := 0; i < len(at); i += 2 {
		*match = append(*match, string(unseen[at[i]:at[i+1]]))
	}
	c.seen += at[1]
	return true
}

// login passes the tiny guest's login prompt, or finds the shell of an earlier
// login. A key brings a prompt back that was printed before the console was open.
func (c *serialConsole) login(ctx context.Context) {
	GinkgoHelper()
	re := regexp.MustCompile(`login: |~ # `)
	var match []string
	Eventually(ctx, func() bool {
		if c.find(re, &match) {
			return true
		}
		_, _ = io.WriteString(c.in, "\n")
		return false
	}).WithTimeout(bootTimeout).WithPolling(time.Second).Should(BeTrue(), "the guest should ask for a login")
	if match[0] == "login: " {
		c.send("root")
		c.expect(ctx, `# `, 20*time.Second)
	}
}

// shell runs a command in the guest and returns what it printed. The end mark is
// typed in two parts, so that the echo of the command does not match.
func (c *serialConsole) shell(ctx context.Context, command string) string {
	GinkgoHelper()
	c.send(command + `; echo "=end""of=$?="`)
	return c.expect(ctx, `(?s)\n(.*)=endof=(\d+)=`, 30*time.Second)[1]
}
