package vm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const agentCredentials = `
spec:
  accessCredentials:
  - sshPublicKey: {source: {secret: {secretName: keys}}, propagationMethod: {qemuGuestAgent: {users: [root, ops]}}}
  - userPassword: {source: {secret: {secretName: passwords}}, propagationMethod: {qemuGuestAgent: {}}}
`

// guestUsers is an agent's guest: its users' keys and passwords.
type guestUsers struct {
	keys      map[string][]string
	passwords map[string]string
	calls     int
}

var errNoSuchUser = fmt.Errorf("%w: no such user", hypervisor.ErrRefused)

func (g *guestUsers) ask(_ context.Context, message string) (string, error) {
	var command struct {
		Execute   string
		Arguments struct {
			Username, Password string
			Keys               []string
		}
	}
	if err := json.Unmarshal([]byte(message), &command); err != nil {
		return "", err
	}
	g.calls++
	user := command.Arguments.Username
	if _, known := g.keys[user]; !known && user != "" {
		return "", errNoSuchUser
	}
	for _, key := range command.Arguments.Keys {
		g.keys[user] = slices.DeleteFunc(g.keys[user], func(k string) bool { return k == key })
		if strings.Contains(command.Execute, "add") {
			g.keys[user] = append(g.keys[user], key)
		}
	}
	if command.Execute == "guest-set-user-password" {
		password, err := base64.StdEncoding.DecodeString(command.Arguments.Password)
		g.passwords[user] = string(password)
		return `{"return":{}}`, err
	}
	return `{"return":{}}`, nil
}

func (g *guestUsers) String() string { return fmt.Sprint(g.keys, g.passwords) }

// TestCredentials follows the Secrets: keys of theirs come and go, others stay.
func TestCredentials(t *testing.T) {
	dir := secretsOf(t, map[string]map[string]string{
		"keys": {"a": "ssh-rsa a\n", "b": "ssh-rsa b"}, "passwords": {"root": "one\n", "ops": "two"},
	})
	c := credentialsOf(vmiOf(t, agentCredentials), dir)
	guest := &guestUsers{keys: map[string][]string{"root": {"ssh-rsa own"}, "ops": nil}, passwords: map[string]string{}}
	if err := c.bring(t.Context(), guest.ask); err != nil {
		t.Fatal(err)
	}
	if want := "map[ops:[ssh-rsa a ssh-rsa b] root:[ssh-rsa own ssh-rsa a ssh-rsa b]] map[ops:two root:one]"; guest.String() != want {
		t.Errorf("%v, want %s", guest, want)
	}
	first := c.version()
	changeSecret(t, dir, "keys", "2", map[string]string{"b": "ssh-rsa b", "c": "ssh-rsa c"})
	if c.version() == first {
		t.Error("a change is not seen")
	}
	if err := c.bring(t.Context(), guest.ask); err != nil {
		t.Fatal(err)
	}
	if want := "map[ops:[ssh-rsa b ssh-rsa c] root:[ssh-rsa own ssh-rsa b ssh-rsa c]] map[ops:two root:one]"; guest.String() != want {
		t.Errorf("%v, want %s", guest, want)
	}
}

func TestCredentialsOfOthers(t *testing.T) {
	if c := credentialsOf(vmiOf(t, "spec: {accessCredentials: [{sshPublicKey: {source: {secret: {secretName: k}}, propagationMethod: {noCloud: {}}}}]}"), ""); c != nil {
		t.Errorf("%+v", c)
	}
}

// TestCredentialProblems serves those that it can, and never tells a password.
func TestCredentialProblems(t *testing.T) {
	dir := secretsOf(t, map[string]map[string]string{"keys": {"a": "ssh-rsa a"}, "passwords": {"root": "s3cret", "nobody": "s3cret"}})
	c := credentialsOf(vmiOf(t, agentCredentials), dir)
	guest := &guestUsers{keys: map[string][]string{"root": nil}, passwords: map[string]string{}}
	err := c.bring(t.Context(), guest.ask)
	if err == nil || !strings.Contains(err.Error(), "ops") || !strings.Contains(err.Error(), "nobody") || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
	if want := "map[root:[ssh-rsa a]] map[root:s3cret]"; guest.String() != want {
		t.Errorf("%v, want %s", guest, want)
	}
	missing := credentialsOf(vmiOf(t, agentCredentials), t.TempDir())
	if err := missing.bring(t.Context(), guest.ask); err == nil || !strings.Contains(err.Error(), "Secret keys") {
		t.Error(err)
	}
}

// credentialsInBubble runs a test with a guest of its own clock.
func credentialsInBubble(t *testing.T, test func(t *testing.T, m *Machine, f *fakeHypervisor, dir string, guest *guestUsers)) {
	synctest.Test(t, func(t *testing.T) {
		dir := secretsOf(t, map[string]map[string]string{"keys": {"a": "ssh-rsa a"}, "passwords": {"root": "one"}})
		guest := &guestUsers{keys: map[string][]string{}, passwords: map[string]string{}}
		f := newFakeHypervisor()
		m := New(Options{
			Hypervisor: &askingHypervisor{f, guest}, Log: slog.New(slog.DiscardHandler),
			Preparer: preparerOf(Prepared{Credentials: credentialsOf(vmiOf(t, agentCredentials), dir)}),
		})
		ctx, cancel := context.WithCancel(context.Background())
		go m.Run(ctx)
		if err := m.Sync(t.Context(), Wanted{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		test(t, m, f, dir, guest)
		cancel()
		synctest.Wait()
	})
}

type askingHypervisor struct {
	*fakeHypervisor
	guest *guestUsers
}

func (h *askingHypervisor) AskAgent(ctx context.Context, command string) (string, error) {
	return h.guest.ask(ctx, command)
}

type preparerOf Prepared

func (p preparerOf) Prepare(context.Context, Wanted) (Prepared, error) { return Prepared(p), nil }

// TestCredentialStates waits for the agent and for users that the guest makes late, does
// not ask again for nothing, and brings what changes.
func TestCredentialStates(t *testing.T) {
	credentialsInBubble(t, func(t *testing.T, m *Machine, f *fakeHypervisor, dir string, guest *guestUsers) {
		state := func(want CredentialState) {
			t.Helper()
			synctest.Wait()
			if got := m.Snapshot(); got.Credentials != want {
				t.Errorf("state %v (%s), want %v", got.Credentials, got.CredentialMessage, want)
			}
		}
		state(CredentialsWaiting)
		f.agent(true)
		time.Sleep(credentialPatience / 2)
		state(CredentialsWaiting)
		time.Sleep(credentialPatience)
		state(CredentialsFailed)
		if message := m.Snapshot().CredentialMessage; !strings.Contains(message, "no such user") || strings.Contains(message, "one") {
			t.Errorf("message %q", message)
		}
		guest.keys["root"], guest.keys["ops"] = nil, nil
		time.Sleep(credentialRetryLast)
		state(CredentialsInGuest)
		calls := guest.calls
		time.Sleep(time.Hour)
		state(CredentialsInGuest)
		if guest.calls != calls {
			t.Errorf("%d calls for nothing", guest.calls-calls)
		}
		changeSecret(t, dir, "passwords", "2", map[string]string{"root": "two"})
		time.Sleep(credentialCheck)
		state(CredentialsInGuest)
		if guest.passwords["root"] != "two" {
			t.Errorf("after a change: %v", guest)
		}
		f.agent(false) // the guest reboots
		state(CredentialsInGuest)
		guest.passwords["root"] = ""
		f.agent(true)
		state(CredentialsInGuest)
		if guest.passwords["root"] != "two" {
			t.Errorf("after a reboot: %v", guest)
		}
	})
}

// TestOneCredentialFails does not set what it has set already over and over because a user
// is missing, and still serves that user later.
func TestOneCredentialFails(t *testing.T) {
	credentialsInBubble(t, func(t *testing.T, m *Machine, f *fakeHypervisor, dir string, guest *guestUsers) {
		guest.keys["root"] = nil // there is no user ops
		f.agent(true)
		time.Sleep(credentialPatience)
		guest.passwords["root"] = "passwd"
		guest.keys["root"] = nil
		time.Sleep(time.Hour)
		synctest.Wait()
		if guest.passwords["root"] != "passwd" || guest.keys["root"] != nil {
			t.Errorf("the user's own are overwritten: %v", guest)
		}
		if got := m.Snapshot().Credentials; got != CredentialsFailed {
			t.Errorf("state %v", got)
		}
		if most := 3 * int(time.Hour/credentialRetryLast); guest.calls > most {
			t.Errorf("%d calls, at most %d", guest.calls, most)
		}
		changeSecret(t, dir, "passwords", "2", map[string]string{"root": "two"})
		guest.keys["ops"] = nil
		time.Sleep(credentialRetryLast)
		synctest.Wait()
		if m.Snapshot().Credentials != CredentialsInGuest || guest.passwords["root"] != "two" || len(guest.keys["ops"]) != 1 {
			t.Errorf("after all: %v", guest)
		}
	})
}

// TestCredentialsWait leaves a guest alone that stands still.
func TestCredentialsWait(t *testing.T) {
	credentialsInBubble(t, func(t *testing.T, m *Machine, f *fakeHypervisor, _ string, guest *guestUsers) {
		guest.keys["root"], guest.keys["ops"] = nil, nil
		f.status(paused)
		f.agent(true)
		time.Sleep(2 * credentialPatience)
		if got := m.Snapshot().Credentials; guest.calls != 0 || got != CredentialsWaiting {
			t.Errorf("%d calls, state %v", guest.calls, got)
		}
		f.status(running)
		time.Sleep(credentialCheck)
		synctest.Wait()
		if got := m.Snapshot().Credentials; got != CredentialsInGuest {
			t.Errorf("state %v", got)
		}
	})
}
