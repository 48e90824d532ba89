package network

import "testing"

func TestBesideMAC(t *testing.T) {
	for pod, want := range map[string]string{
		"16:7a:e8:10:fa:c9": "16:7a:e8:10:fa:c8",
		"02:00:00:00:00:10": "02:00:00:00:00:11",
		"":                  "",
	} {
		if got := besideMAC(pod); got != want {
			t.Errorf("beside %q is %q, want %q", pod, got, want)
		}
	}
}
