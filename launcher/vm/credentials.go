package vm

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/guestagent"
	"kubevirt.io/kubevirt/launcher/podvolume"
)

const (
	// credentialCheck is how often the mounted Secrets are looked at; the kubelet takes
	// longer to bring a change.
	credentialCheck = 10 * time.Second
	// credentialPatience is how long an agent that has come may refuse before that
	// counts: it mostly starts before the guest has made its users.
	credentialPatience = time.Minute
	// The pauses between attempts that fail.
	credentialRetryFirst = 5 * time.Second
	credentialRetryLast  = time.Minute
)

// CredentialState says how far the guest agent is with the access credentials.
type CredentialState int

// The states of access credentials.
const (
	// CredentialsNone: there are none for the guest agent.
	CredentialsNone CredentialState = iota
	// CredentialsWaiting: the guest agent has not come yet, or not taken them so far.
	CredentialsWaiting
	// CredentialsInGuest: all are in the guest.
	CredentialsInGuest
	// CredentialsFailed: some are not.
	CredentialsFailed
)

// Credentials are the access credentials that the guest agent brings into the guest.
type Credentials struct {
	list []v1.AccessCredential
	// dir has a directory for each mounted Secret.
	dir string

	mu sync.Mutex
	// given are the ssh keys that users have from here: they go when their Secret no
	// longer has them, while those that users have by other ways stay.
	given map[string][]string
	// keys and passwords are what users have got since the agent came. It is not brought
	// again because another user cannot be served: they may have set another password.
	keys      map[string][]string
	passwords map[string]string
}

// credentialsOf are nil for an instance without credentials for the guest agent.
func credentialsOf(vmi *v1.VirtualMachineInstance, dir string) *Credentials {
	c := &Credentials{dir: dir, given: map[string][]string{}}
	c.forget()
	for i := range vmi.Spec.AccessCredentials {
		if credential := &vmi.Spec.AccessCredentials[i]; credential.ByGuestAgent() {
			c.list = append(c.list, *credential)
		}
	}
	if c.list == nil {
		return nil
	}
	return c
}

// forget has everything brought once more: an agent that comes may be of another guest, or
// of an earlier state of this one.
func (c *Credentials) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys, c.passwords = map[string][]string{}, map[string]string{}
}

// version tells one state of the Secrets from another.
func (c *Credentials) version() string {
	var versions []string
	for i := range c.list {
		versions = append(versions, podvolume.Version(credentialDir(c.dir, &c.list[i])))
	}
	return strings.Join(versions, " ")
}

func credentialDir(dir string, credential *v1.AccessCredential) string {
	return filepath.Join(dir, v1.CredentialVolumeName(credential.SecretName()))
}

// bring has the guest agent make the guest's users have what the Secrets say. One that
// it cannot serve does not keep the others waiting.
func (c *Credentials) bring(ctx context.Context, ask guestagent.Ask) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys, passwords := map[string][]string{}, map[string]string{}
	for i := range c.list {
		credential := &c.list[i]
		files, err := podvolume.Files(credentialDir(c.dir, credential))
		if err != nil {
			return fmt.Errorf("the Secret %s: %w", credential.SecretName(), err)
		}
		if credential.UserPassword != nil {
			for user, password := range files {
				passwords[user] = strings.TrimRight(string(password), "\r\n")
			}
			continue
		}
		for _, user := range credential.SSHPublicKey.PropagationMethod.QemuGuestAgent.Users {
			keys[user] = append(keys[user], publicKeys(files)...)
		}
	}
	var problems []string
	note := func(err error) {
		if err != nil {
			problems = append(problems, err.Error())
		}
	}
	for _, user := range slices.Sorted(maps.Keys(keys)) {
		note(c.authorize(ctx, ask, user, keys[user]))
	}
	for _, user := range slices.Sorted(maps.Keys(passwords)) {
		note(c.setPassword(ctx, ask, user, passwords[user]))
	}
	maps.DeleteFunc(c.passwords, func(user, _ string) bool { _, wanted := passwords[user]; return !wanted })
	if problems != nil {
		return fmt.Errorf("%s", strings.Join(problems, "; ")) //nolint:err113 // for people, and only to be shown
	}
	return nil
}

// authorize gives a user the keys wanted, and takes away what an earlier state of the
// Secrets has given.
func (c *Credentials) authorize(ctx context.Context, ask guestagent.Ask, user string, wanted []string) error {
	if brought, done := c.keys[user]; done && slices.Equal(brought, wanted) {
		return nil
	}
	gone := slices.DeleteFunc(slices.Clone(c.given[user]), func(key string) bool { return slices.Contains(wanted, key) })
	if err := guestagent.RemoveKeys(ctx, ask, user, gone); err != nil {
		return err
	}
	if err := guestagent.AddKeys(ctx, ask, user, wanted); err != nil {
		return err
	}
	c.given[user], c.keys[user] = wanted, wanted
	return nil
}

func (c *Credentials) setPassword(ctx context.Context, ask guestagent.Ask, user, wanted string) error {
	if brought, done := c.passwords[user]; done && brought == wanted {
		return nil
	}
	err := guestagent.SetPassword(ctx, ask, user, wanted)
	if err == nil {
		c.passwords[user] = wanted
	}
	return err
}

// publicKeys are the ssh keys in the files of a Secret, one a line, in the files' order.
func publicKeys(files map[string][]byte) []string {
	var keys []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for line := range strings.Lines(string(files[name])) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				keys = append(keys, line)
			}
		}
	}
	return keys
}

// diskKeys are the ssh keys that a cloud-init disk carries, of all Secrets in their order.
func diskKeys(vmi *v1.VirtualMachineInstance, volume *v1.Volume, dir string) ([]string, error) {
	var keys []string
	for i := range vmi.Spec.AccessCredentials {
		credential := &vmi.Spec.AccessCredentials[i]
		if credential.SSHPublicKey == nil {
			continue
		}
		way := credential.SSHPublicKey.PropagationMethod
		if (way.NoCloud == nil || volume.CloudInitNoCloud == nil) && (way.ConfigDrive == nil || volume.CloudInitConfigDrive == nil) {
			continue
		}
		files, err := podvolume.Files(credentialDir(dir, credential))
		if err != nil {
			return nil, fmt.Errorf("the ssh keys of Secret %s: %w", credential.SecretName(), err)
		}
		keys = append(keys, publicKeys(files)...)
	}
	return keys, nil
}

// bringCredentials keeps the guest's users as the Secrets say until ctx ends. A guest
// that stands still is not asked.
func (m *Machine) bringCredentials(ctx context.Context, c *Credentials) {
	c.forget()
	began, brought, done, retry := time.Now(), "", false, credentialRetryFirst
	for {
		pause := credentialCheck
		if version := c.version(); !done || version != brought {
			err := c.bring(ctx, m.asking(lifecycle.obeys))
			switch {
			case err == nil:
				brought, done, retry = version, true, credentialRetryFirst
				m.publishCredentials(ctx, CredentialsInGuest, "")
			case m.is(lifecycle.obeys) != nil:
				done = false
			default:
				m.options.Log.Info("access credentials are not all in the guest", "err", err.Error())
				if time.Since(began) >= credentialPatience {
					m.publishCredentials(ctx, CredentialsFailed, err.Error())
				}
				done, pause, retry = false, retry, min(2*retry, credentialRetryLast)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (m *Machine) publishCredentials(ctx context.Context, state CredentialState, message string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil || m.credentialState == state && m.credentialMessage == message {
		return
	}
	m.credentialState, m.credentialMessage = state, message
	m.notify()
}
