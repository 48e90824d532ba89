package client

import "strings"

// refusal is advice for what virt-api refuses, by the words of its message: the
// codes are too few to tell the cases apart.
type refusal struct {
	// subresource that the advice is for; empty for every one.
	subresource string
	// words of which the message has one, in lower case.
	words []string
	// hint names the request's {name} and {namespace}.
	hint string
}

var refusals = []refusal{
	{"", []string{`" not found`}, "is its guest running, and in namespace {namespace}? name another with -n; `kubectl get vm,vmi -A` lists all"},
	{"console", []string{"autoattachserialconsole", "serial console"},
		"set spec.domain.devices.autoattachSerialConsole of the machine's template to true and restart it: `virtctl restart {name} -n {namespace}`"},
	{"vnc", []string{"autoattachgraphicsdevice", "graphics", "display"},
		"set spec.domain.devices.autoattachGraphicsDevice of the machine's template to true and restart it; `virtctl console {name} -n {namespace}` needs no display"},
	{"usbredir", []string{"clientpassthrough"},
		"add spec.domain.devices.clientPassthrough: {} to the machine's template and restart it: `virtctl restart {name} -n {namespace}`"},
	{"", []string{"is paused"}, "let it go on with `virtctl unpause vmi {name} -n {namespace}`"},
	{"", []string{"agentconnected", "guest agent", "guest-agent"},
		"install and start qemu-guest-agent in the guest; its condition AgentConnected tells when it answers"},
	{"portforward", []string{"connection refused"}, "nothing listens on this port in the guest: is the service up, and not bound to 127.0.0.1 there?"},
	{"portforward", []string{"i/o timeout", "deadline exceeded", "no route to host", "timed out"},
		"the guest does not answer: has it booted, and does a firewall or a NetworkPolicy drop the port?"},
	{"portforward", []string{"interfaces is empty", "no network interface"},
		"add a network and an interface to the machine's template and restart it: `virtctl restart {name} -n {namespace}`"},
	{"portforward", []string{"interface"}, "`kubectl get vmi {name} -n {namespace} -o jsonpath={.status.interfaces}` shows the addresses that are known of the guest"},
	{"", []string{"not running", "not created", "status.created", "not scheduled", "has failed", "has ended", "does not run"},
		"`virtctl explain vm {name} -n {namespace}` says what it waits for; `virtctl start {name} -n {namespace}` starts it if it is stopped"},
}

// ofRefusal returns the first advice that fits a message in lower case.
func ofRefusal(message string, about About) string {
	verb, _, _ := strings.Cut(about.Subresource, "/")
	for _, r := range refusals {
		if r.subresource != "" && r.subresource != verb {
			continue
		}
		for _, word := range r.words {
			if strings.Contains(message, word) {
				return strings.NewReplacer("{name}", about.Name, "{namespace}", about.Namespace).Replace(r.hint)
			}
		}
	}
	return ""
}
