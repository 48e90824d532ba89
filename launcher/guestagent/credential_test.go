package guestagent

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

const secret = "s3cret\"pass"

func TestKeys(t *testing.T) {
	sent := []string{}
	ask := Ask(func(_ context.Context, message string) (string, error) {
		sent = append(sent, message)
		return `{"return":{}}`, nil
	})
	keys := []string{"ssh-ed25519 AAAA a@b", "ssh-rsa BBBB"}
	err := errors.Join(AddKeys(t.Context(), ask, "root", keys), RemoveKeys(t.Context(), ask, "root", keys[:1]), AddKeys(t.Context(), ask, "x", nil))
	want := []string{
		`{"execute":"guest-ssh-add-authorized-keys","arguments":{"username":"root","keys":["ssh-ed25519 AAAA a@b","ssh-rsa BBBB"]}}`,
		`{"execute":"guest-ssh-remove-authorized-keys","arguments":{"username":"root","keys":["ssh-ed25519 AAAA a@b"]}}`,
	}
	if err != nil || strings.Join(sent, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v, sent %q", err, sent)
	}
}

func TestSetPassword(t *testing.T) {
	sent := ""
	ask := Ask(func(_ context.Context, message string) (string, error) {
		sent = message
		return `{"return":{}}`, nil
	})
	want := `{"execute":"guest-set-user-password","arguments":{"username":"root","password":"` +
		base64.StdEncoding.EncodeToString([]byte(secret)) + `","crypted":false}}`
	if err := SetPassword(t.Context(), ask, "root", secret); err != nil || sent != want {
		t.Errorf("%v, sent %s", err, sent)
	}
}

// TestNoPasswordInErrors holds even for an agent that repeats what it was told.
func TestNoPasswordInErrors(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	for name, tc := range map[string]struct {
		answer error
		info   string
		say    string
	}{
		"refused":   {refused("no user root for " + secret + " " + encoded), `[{"name":"guest-set-user-password","enabled":true}]`, "refused"},
		"forbidden": {refused("disabled " + secret), `[{"name":"guest-set-user-password","enabled":false}]`, "forbids"},
		"unknown":   {refused("unknown " + secret), `[]`, "forbids"},
		"silent":    {errors.New("the reply " + secret + encoded + " cannot be read"), `[]`, "did not answer"},
	} {
		ask := Ask(func(_ context.Context, message string) (string, error) {
			if strings.Contains(message, commandInfo) {
				return `{"return":{"version":"1","supported_commands":` + tc.info + `}}`, nil
			}
			return "", tc.answer
		})
		err := SetPassword(t.Context(), ask, "root", secret)
		if !errors.Is(err, ErrPassword) || !strings.Contains(err.Error(), tc.say) || !strings.Contains(err.Error(), "root") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), encoded)) {
			t.Errorf("%s: the password is in %v", name, err)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	ask := Ask(func(_ context.Context, message string) (string, error) {
		if strings.Contains(message, commandInfo) {
			return `{"return":{"supported_commands":[{"name":"guest-ssh-add-authorized-keys","enabled":true}]}}`, nil
		}
		return "", refused("no passwd entry for user 'nobody-here'")
	})
	err := AddKeys(t.Context(), ask, "nobody-here", []string{"k"})
	if err == nil || !strings.Contains(err.Error(), "no passwd entry") {
		t.Error(err)
	}
}
