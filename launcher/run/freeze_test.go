//go:build process

package run_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// debianBoot is how long Debian may take to be there.
const debianBoot = 3 * time.Minute

// bootDebian starts a guest with an agent and logs in on its console.
// KUBEVIRT_GUEST_DEBIAN names its container disk.
func (p *pod) bootDebian(states <-chan *protocol.DomainState) {
	p.t.Helper()
	request := p.request(os.Getenv("KUBEVIRT_GUEST_DEBIAN"))
	request.Vmi = []byte(strings.Replace(string(request.GetVmi()), `"64Mi"`, `"512Mi"`, 1))
	request.Host.TranslationCacheMib = 64
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		p.t.Fatal(err)
	}
	p.waitSaid("login: ", 1, debianBoot)
	p.say("root\n")
	p.await(states, "the agent's account of the system", func(state *protocol.DomainState) bool {
		return state.GetAgent().GetOsId() == "debian"
	})
}

func (p *pod) await(states <-chan *protocol.DomainState, what string, wanted func(*protocol.DomainState) bool) {
	p.t.Helper()
	for deadline := time.After(debianBoot); ; {
		select {
		case state := <-states:
			if wanted(state) {
				return
			}
		case <-deadline:
			p.t.Fatal("waited in vain for: " + what)
		}
	}
}

func (p *pod) tryFreeze(seconds uint32) error {
	_, err := p.client.Signal(p.ctx(), &protocol.SignalRequest{
		Session: p.session, Action: protocol.Action_ACTION_FREEZE, ThawAfterSeconds: seconds,
	})
	return err
}

func (p *pod) freeze(states <-chan *protocol.DomainState, seconds uint32) {
	p.t.Helper()
	if err := p.tryFreeze(seconds); err != nil {
		p.t.Fatal(err)
	}
	p.await(states, "a frozen guest", (*protocol.DomainState).GetFrozen)
}

func thawed(state *protocol.DomainState) bool { return !state.GetFrozen() }

// A guest stands still on its disks while it is frozen, for as long as was asked; it
// reboots and shuts down nevertheless.
func TestFrozenGuest(t *testing.T) {
	if os.Getenv("KUBEVIRT_GUEST_DEBIAN") == "" {
		t.Skip("KUBEVIRT_GUEST_DEBIAN is not set")
	}
	p := startPod(t, 60)
	states := p.watch()
	p.bootDebian(states)

	p.freeze(states, 60)
	p.say("touch /root/x && sync && echo writ''ten\n")
	time.Sleep(2 * time.Second)
	if p.said("written") != 0 {
		t.Error("the frozen guest has written")
	}
	p.signal(protocol.Action_ACTION_UNFREEZE)
	p.waitLog("written")
	p.await(states, "a thawed guest", thawed)

	p.freeze(states, 3)
	began := time.Now()
	p.await(states, "the end of the freeze", thawed)
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("thawed after %v", took)
	}

	p.freeze(states, 60)
	p.signal(protocol.Action_ACTION_REBOOT)
	p.waitSaid("login: ", 2, debianBoot)

	for deadline := time.Now().Add(debianBoot); ; time.Sleep(time.Second) {
		err := p.tryFreeze(60) // until the agent is back
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	p.kill(launcherName, syscall.SIGTERM)
	if off := p.until(states, protocol.State_STATE_SHUTOFF); off.GetReason() != "Shutdown" {
		t.Errorf("reason %q", off.GetReason())
	}
}
