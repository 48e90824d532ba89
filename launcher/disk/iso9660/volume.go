package iso9660

import (
	"encoding/binary"
	"time"
)

const (
	// maxRecord is the length of the longest directory record.
	maxRecord = 254
	// recordHead is a directory record without its identifier.
	recordHead = 33

	flagDirectory = 2
)

// volume is one of the two directory trees of an image.
type volume struct {
	*writer
	label, space []byte
	// extension is nil for Joliet.
	extension *rockRidge
	// directories are in the order of the path table.
	directories []*node
	extents     map[*node]extent
	pathTable   [2]extent
}

func newVolume(w *writer, root *node, label, space []byte, extension *rockRidge) *volume {
	v := &volume{
		writer: w, label: label, space: space, extension: extension, directories: []*node{root}, extents: map[*node]extent{},
	}
	for i := 0; i < len(v.directories); i++ {
		for _, child := range sorted(v.directories[i].children, v.id) {
			if child.directory {
				v.directories = append(v.directories, child)
			}
		}
	}
	return v
}

func (v *volume) id(n *node) []byte {
	if v.extension == nil {
		return n.joliet
	}
	return n.primary
}

// reserve makes room for the path tables and directories; where they point to is not
// known yet.
func (v *volume) reserve() {
	for i := range v.pathTable {
		v.pathTable[i] = v.place(v.paths(binary.LittleEndian))
	}
	for _, dir := range v.directories {
		v.extents[dir] = v.place(v.records(dir))
		v.extension.place(v.writer)
	}
}

// fill writes what reserve has made room for.
func (v *volume) fill() {
	copy(v.sector(v.pathTable[0].sector), v.paths(binary.LittleEndian))
	copy(v.sector(v.pathTable[1].sector), v.paths(binary.BigEndian))
	for _, dir := range v.directories {
		copy(v.sector(v.extents[dir].sector), v.records(dir))
	}
}

// records are the content of a directory, a whole number of sectors.
func (v *volume) records(dir *node) []byte {
	var data []byte
	add := func(record []byte) {
		if room := sectorSize - len(data)%sectorSize; room < len(record) {
			data = append(data, make([]byte, room)...)
		}
		data = append(data, record...)
	}
	add(v.record([]byte{0}, v.extents[dir], flagDirectory, v.extension.self(dir)))
	add(v.record([]byte{1}, v.extents[dir.parent], flagDirectory, v.extension.parent(dir)))
	for _, child := range sorted(dir.children, v.id) {
		if child.directory {
			add(v.record(v.id(child), v.extents[child], flagDirectory, v.extension.child(child)))
		} else {
			add(v.record(v.id(child), v.files[child], 0, v.extension.child(child)))
		}
	}
	if rest := len(data) % sectorSize; rest != 0 {
		data = append(data, make([]byte, sectorSize-rest)...)
	}
	return data
}

// record is an entry of a directory.
func (v *volume) record(id []byte, at extent, flags byte, use []byte) []byte {
	length := even(recordHead+len(id)) + even(len(use))
	r := make([]byte, length)
	r[0] = byte(length) //nolint:gosec // at most maxRecord
	both32(r[2:], at.sector)
	both32(r[10:], at.size)
	made := v.made
	copy(r[18:], []byte{
		byte(made.Year() - 1900), byte(made.Month()), byte(made.Day()), byte(made.Hour()), byte(made.Minute()), byte(made.Second()),
	}) //nolint:gosec // years up to 2155
	r[25] = flags
	both16(r[28:], 1)
	r[32] = byte(len(id))
	copy(r[recordHead:], id)
	copy(r[even(recordHead+len(id)):], use)
	return r
}

// paths is the path table, in one of two byte orders.
func (v *volume) paths(order binary.AppendByteOrder) []byte {
	var table []byte
	numbers := map[*node]uint16{}
	for i, dir := range v.directories {
		numbers[dir] = uint16(i + 1) //nolint:gosec // at most maxDirectories
		id := v.id(dir)
		if i == 0 {
			id = []byte{0}
		}
		table = append(table, byte(len(id)), 0) //nolint:gosec // at most maxRecord
		table = order.AppendUint32(table, v.extents[dir].sector)
		table = order.AppendUint16(table, numbers[dir.parent])
		table = append(table, id...)
		if len(id)%2 != 0 {
			table = append(table, 0)
		}
	}
	return table
}

// describe writes the volume's descriptor once everything has its place.
func (v *volume) describe(kind byte, sector uint32) {
	d := v.sector(sector)[:sectorSize]
	copy(d, append([]byte{kind}, "CD001\x01"...))
	for _, text := range [][2]int{
		{8, 40}, {40, 72}, {190, 318}, {318, 446}, {446, 574}, {574, 702}, {702, 739}, {739, 776}, {776, 813},
	} {
		for i := text[0]; i+len(v.space) <= text[1]; i += len(v.space) {
			copy(d[i:], v.space)
		}
	}
	copy(d[40:72], v.label)
	both32(d[80:], uint32(len(v.image)/sectorSize)) //nolint:gosec // a few MiB
	if v.extension == nil {
		copy(d[88:], "%/E") // UCS-2, level 3
	}
	both16(d[120:], 1)
	both16(d[124:], 1)
	both16(d[128:], sectorSize)
	both32(d[132:], v.pathTable[0].size)
	binary.LittleEndian.PutUint32(d[140:], v.pathTable[0].sector)
	binary.BigEndian.PutUint32(d[148:], v.pathTable[1].sector)
	copy(d[156:190], v.record([]byte{0}, v.extents[v.directories[0]], flagDirectory, nil))
	copy(d[813:], stamp(v.made))
	copy(d[830:], stamp(v.made))
	copy(d[847:], stamp(time.Time{}))
	copy(d[864:], stamp(v.made))
	d[881] = 1
}

// stamp is a descriptor's way to write a time; the zero one is none.
func stamp(t time.Time) []byte {
	digits := "0000000000000000"
	if !t.IsZero() {
		digits = t.Format("20060102150405") + "00"
	}
	return append([]byte(digits), 0)
}

func even(n int) int { return n + n%2 }

// both32 and both16 write a number in both byte orders.
func both32(b []byte, n uint32) {
	binary.LittleEndian.PutUint32(b, n)
	binary.BigEndian.PutUint32(b[4:], n)
}

func both16(b []byte, n uint16) {
	binary.LittleEndian.PutUint16(b, n)
	binary.BigEndian.PutUint16(b[2:], n)
}
