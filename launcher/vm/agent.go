package vm

import (
	"context"
	"reflect"
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// agentRefresh is when the guest agent is asked again after it has connected:
// it often starts before the guest's network is up. The last pause repeats.
var agentRefresh = []time.Duration{5 * time.Second, 25 * time.Second, 2 * time.Minute}

const agentCallTimeout = 30 * time.Second

// agentChanged follows the guest agent's coming and going.
func (m *Machine) agentChanged(ctx context.Context, connected bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lifecycle.agent = connected
	if !connected || m.lifecycle.status.State.Ended() {
		m.dropAgent()
		m.notify()
		return
	}
	if m.stopAgent != nil {
		m.stopAgent() // connected anew: what the agent said holds until it says otherwise
	}
	asking, cancel := context.WithCancel(ctx)
	m.stopAgent = cancel
	go m.askAgent(asking)
	if m.credentials != nil {
		go m.bringCredentials(asking, m.credentials)
	}
}

// dropAgent forgets what the agent said; m.mu is held.
func (m *Machine) dropAgent() {
	if m.stopAgent != nil {
		m.stopAgent()
		m.stopAgent = nil
	}
	m.agent = nil
}

// askAgent publishes what the agent says until ctx ends. A connected agent that
// does not answer counts as connected, with nothing known.
func (m *Machine) askAgent(ctx context.Context) {
	for i := 0; ; i++ {
		call, cancel := context.WithTimeout(ctx, agentCallTimeout)
		info, err := m.options.Hypervisor.GuestInfo(call)
		cancel()
		if err != nil {
			m.options.Log.Info("the guest agent does not answer", "err", err.Error())
		}
		m.publishAgent(ctx, info)
		pause := agentRefresh[min(i, len(agentRefresh)-1)]
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (m *Machine) publishAgent(ctx context.Context, info *hypervisor.GuestInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return // disconnected meanwhile
	}
	if info == nil || m.lifecycle.freeze.on { // in a frozen guest it answers next to nothing
		if m.agent != nil {
			return // an older answer is better than none
		}
		info = &hypervisor.GuestInfo{}
	}
	if !reflect.DeepEqual(m.agent, info) {
		m.agent = info
		m.notify()
	}
}
