package iso9660

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

const (
	// Lengths of the primary volume's identifiers, which together are those of level 2.
	maxBase      = 20
	maxExtension = 8
	// maxJoliet is how long, in UTF-16 units, systems read names beyond the 64 that
	// the specification promises.
	maxJoliet = 103
)

// name gives a directory's children their identifiers, each unique in its volume.
func name(children []*node) {
	primary, joliet := map[string]bool{}, map[string]bool{}
	for _, child := range children {
		child.primary = unique(primary, func(suffix string) []byte { return primaryID(child, suffix) })
		child.joliet = unique(joliet, func(suffix string) []byte { return jolietID(child.name, suffix) })
	}
}

// unique tries suffixes until the identifier is not taken.
func unique(taken map[string]bool, id func(suffix string) []byte) []byte {
	for i, suffix := 0, ""; ; i++ {
		if i > 0 {
			suffix = "_" + strconv.Itoa(i)
		}
		if candidate := id(suffix); !taken[string(candidate)] {
			taken[string(candidate)] = true
			return candidate
		}
	}
}

// primaryID is a name in the few characters that plain ISO 9660 has.
func primaryID(n *node, suffix string) []byte {
	base, extension := n.name, ""
	if dot := strings.LastIndex(n.name, "."); dot > 0 && !n.directory {
		base, extension = n.name[:dot], n.name[dot+1:]
	}
	base = plain(base)
	base = base[:min(len(base), maxBase-len(suffix))] + suffix
	if n.directory {
		return []byte(base)
	}
	extension = plain(extension)
	return []byte(base + "." + extension[:min(len(extension), maxExtension)] + ";1")
}

func plain(name string) string {
	return string(bytes.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, []byte(name)))
}

// jolietID is a name without the characters that Windows reserves.
func jolietID(name, suffix string) []byte {
	var kept []uint16
	for _, r := range name {
		if r < ' ' || strings.ContainsRune(`*/:;?\`, r) {
			r = '_'
		}
		units := utf16.AppendRune(nil, r)
		if len(kept)+len(units) > maxJoliet-len(suffix) {
			break
		}
		kept = append(kept, units...)
	}
	return bigEndian(append(kept, utf16.Encode([]rune(suffix))...))
}

func ucs2(text string) []byte { return bigEndian(utf16.Encode([]rune(text))) }

func bigEndian(units []uint16) []byte {
	var text []byte
	for _, unit := range units {
		text = binary.BigEndian.AppendUint16(text, unit)
	}
	return text
}
