package clusterconfig

const mebi = 1 << 20

// TranslationCacheMiB bounds the cache of translated code of a guest that runs
// under emulation, in MiB, from the guest's memory in bytes. QEMU's own default
// may grow by a GiB for each guest. A sixteenth of the guest's memory is enough
// for what such a guest executes: 32 MiB run a small Linux without re-translation,
// 128 MiB a full distribution, and more gives no measurable gain.
func TranslationCacheMiB(guestMemory int64) uint32 {
	const smallest, largest = 32, 128
	size := guestMemory / mebi / 16
	return uint32(min(max(size, smallest), largest))
}
