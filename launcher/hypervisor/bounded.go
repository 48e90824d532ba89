package hypervisor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxGuestString is how many bytes of a guest's string are kept.
const MaxGuestString = 256

// Bounded makes a guest's string short, valid and printable.
func Bounded(s string) string {
	if len(s) > MaxGuestString {
		s = s[:MaxGuestString]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
