package iso9660

import "slices"

// Attributes of everything in an image: it belongs to root, and everyone reads it.
const (
	modeFile      = 0o100444
	modeDirectory = 0o040555

	attributesLength   = 36
	continuationLength = 28
	// maxNamePart is how much of a name one entry holds.
	maxNamePart = 250
)

// rockRidge is what goes with the directory records of a volume: names and attributes.
// What a record has no room for is continued elsewhere. Nil is a volume without.
type rockRidge struct {
	continuations map[*node]*continuation
	// waiting are those without a place.
	waiting []*node
}

// continuation is what one record has no room for, and its place once it has one.
type continuation struct {
	entries        []byte
	sector, offset uint32
}

// child goes with a directory's record of a file or directory.
func (r *rockRidge) child(n *node) []byte {
	if r == nil {
		return nil
	}
	use, name := attributes(n), names(n.name)
	if even(recordHead+len(n.primary))+even(len(use)+len(name)) <= maxRecord {
		return append(use, name...)
	}
	return append(use, r.carryOn(n, name)...)
}

// self goes with a directory's record of itself. The root's says that the image has
// Rock Ridge.
func (r *rockRidge) self(dir *node) []byte {
	switch {
	case r == nil:
		return nil
	case dir.parent != dir:
		return attributes(dir)
	}
	const id, about = "RRIP_1991A", "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS"
	announcement := append([]byte{'E', 'R', byte(8 + len(id+about)), 1, byte(len(id)), byte(len(about)), 0, 1}, id+about...)
	use := append([]byte{'S', 'P', 7, 1, 0xbe, 0xef, 0}, attributes(dir)...)
	return append(use, r.carryOn(dir, announcement)...)
}

// parent goes with a directory's record of its parent.
func (r *rockRidge) parent(dir *node) []byte {
	if r == nil {
		return nil
	}
	return attributes(dir.parent)
}

// attributes are owner and mode.
func attributes(n *node) []byte {
	mode, links := uint32(modeFile), uint32(1)
	if n.directory {
		mode, links = modeDirectory, 2
		for _, child := range n.children {
			if child.directory {
				links++
			}
		}
	}
	entry := append([]byte{'P', 'X', attributesLength, 1}, make([]byte, attributesLength-4)...)
	both32(entry[4:], mode)
	both32(entry[12:], links)
	return entry
}

// names are the entries that hold a name.
func names(name string) []byte {
	var entries []byte
	for part := range slices.Chunk([]byte(name), maxNamePart) {
		goesOn := byte(0)
		if len(entries)+len(part) < len(name) {
			goesOn = 1
		}
		entries = append(entries, 'N', 'M', byte(5+len(part)), 1, goesOn) //nolint:gosec // at most 255
		entries = append(entries, part...)
	}
	return entries
}

// carryOn notes entries that go elsewhere and returns the entry that leads there.
func (r *rockRidge) carryOn(n *node, entries []byte) []byte {
	at := r.continuations[n]
	if at == nil {
		at = &continuation{entries: entries}
		r.continuations[n] = at
		r.waiting = append(r.waiting, n)
	}
	entry := append([]byte{'C', 'E', continuationLength, 1}, make([]byte, continuationLength-4)...)
	both32(entry[4:], at.sector)
	both32(entry[12:], at.offset)
	both32(entry[20:], uint32(len(entries))) //nolint:gosec // a name at most
	return entry
}

// place gives the continuations of a directory's records their places, right behind
// it: there some readers look for them. None may cross a sector's end.
func (r *rockRidge) place(w *writer) {
	if r == nil {
		return
	}
	var sector, used uint32
	for _, n := range r.waiting {
		at := r.continuations[n]
		length := uint32(len(at.entries)) //nolint:gosec // a name at most
		if sector == 0 || used+length > sectorSize {
			sector, used = w.place(nil).sector, 0
		}
		at.sector, at.offset = sector, used
		copy(w.sector(sector)[used:], at.entries)
		used += length
	}
	r.waiting = nil
}
