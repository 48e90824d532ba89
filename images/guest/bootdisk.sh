# Parts of a guest's disk, as shell functions; the guests' build scripts source this.
#
# The disk has a GPT. Its first partition is FAT and holds the kernel, the initial
# RAM disk and two boot loaders, so that BIOS and UEFI machines boot from it with
# nothing said from outside. A second one, if wanted, holds the root file system.
# Nothing here needs a loop device or a mount: it all works in a container build.
# shellcheck shell=sh

# unpack_packages DIR KERNEL PACKAGE...: the files of these packages and of what Debian's
# package KERNEL stands for below DIR, and the kernel's release in $release. Unpacked,
# not installed: their scripts have nothing to contribute.
unpack_packages() {
	_dir=$1
	_kernel=$2
	shift 2
	_debs=$(mktemp -d)
	_kernel=$(apt-cache depends "$_kernel" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	(cd "$_debs" && apt-get download -qq -o APT::Sandbox::User=root "$_kernel" "$@")
	for _deb in "$_debs"/*.deb; do
		dpkg -x "$_deb" "$_dir"
	done
	rm -rf "$_debs"
	release=$(ls "$_dir/usr/lib/modules")
	depmod -b "$_dir/usr" "$release"
}

# busybox_root PACKAGES ROOT: the skeleton of a RAM disk with all of busybox.
busybox_root() {
	mkdir -p "$2/bin" "$2/dev" "$2/proc" "$2/sys" "$2/tmp" "$2/run" "$2/root" "$2/mnt" "$2/var"
	ln -s bin "$2/sbin"
	cp "$1/usr/bin/busybox" "$2/bin/busybox"
	for _applet in $("$2/bin/busybox" --list); do
		[ -e "$2/bin/$_applet" ] || ln -s busybox "$2/bin/$_applet"
	done
}

# copy_modules PACKAGES ROOT: from standard input the names of kernel modules, which
# go to ROOT with all they need. They arrive uncompressed: the RAM disk is compressed
# in one piece, which is smaller and loads faster.
copy_modules() {
	_modules=$2/lib/modules/$release
	mkdir -p "$_modules"
	while read -r _module; do
		modprobe -d "$1/usr" -S "$release" --show-depends "$_module" | sed -n 's/^insmod //p'
	done | sort -u | while read -r _path; do
		_path=${_path%% *}
		_relative=${_path#"$1/usr/lib/modules/$release/"}
		mkdir -p "$_modules/$(dirname "$_relative")"
		xz -dc "$_path" >"$_modules/${_relative%.xz}"
	done
	depmod -b "$2" "$release" 2>/dev/null
	rm -f "$_modules"/*.bin "$_modules/modules.devname" "$_modules/modules.symbols"
}

# pack_initrd ROOT OUT
pack_initrd() {
	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . | sort | cpio -o -H newc --quiet --reproducible -R 0:0 | zstd -q -19) >"$2"
}

# make_disk PACKAGES NAME INITRD CMDLINE OUT [ROOT-DIR ROOT-MIB]: the finished qcow2.
make_disk() {
	_vmlinuz=$1/boot/vmlinuz-$release
	_work=$(mktemp -d)
	_image=$_work/disk.img
	printf 'DEFAULT guest\nPROMPT 0\nTIMEOUT 0\nLABEL guest\n  LINUX /vmlinuz\n  INITRD /initrd\n  APPEND %s\n' "$4" >"$_work/syslinux.cfg"
	printf 'timeout 0\ndefault guest\n' >"$_work/loader.conf"
	printf 'title %s\nlinux /vmlinuz\ninitrd /initrd\noptions %s\n' "$2" "$4" >"$_work/guest.conf"

	# 1 MiB for the partition table, the partitions, 1 MiB for the table's copy.
	_boot_mib=$((($(stat -c %s "$_vmlinuz") + $(stat -c %s "$3")) / 1048576 + 3))
	_root_mib=${7:-0}
	truncate -s $((_boot_mib + _root_mib + 2))M "$_image"
	{
		echo "label: gpt"
		echo "start=1MiB, size=${_boot_mib}MiB, type=uefi, name=$2-boot, attrs=LegacyBIOSBootable"
		[ "$_root_mib" = 0 ] || echo "size=${_root_mib}MiB, type=linux, name=$2-root"
	} | sfdisk -q "$_image"
	dd if="$1/usr/lib/syslinux/mbr/gptmbr.bin" of="$_image" conv=notrunc bs=440 count=1 status=none

	# Sector by sector its own file: mkfs.vfat cannot stop at a partition's end.
	_fat=$_work/boot.img
	truncate -s "${_boot_mib}M" "$_fat"
	mkfs.vfat -F 16 -h 2048 -n BOOT "$_fat" >/dev/null
	mmd -i "$_fat" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries
	mcopy -i "$_fat" "$_vmlinuz" ::/vmlinuz
	mcopy -i "$_fat" "$3" ::/initrd
	mcopy -i "$_fat" "$_work/syslinux.cfg" ::/syslinux.cfg
	mcopy -i "$_fat" "$_work/loader.conf" ::/loader/loader.conf
	mcopy -i "$_fat" "$_work/guest.conf" ::/loader/entries/guest.conf
	mcopy -i "$_fat" "$1/usr/lib/systemd/boot/efi/systemd-bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
	syslinux --install "$_fat"
	dd if="$_fat" of="$_image" conv=notrunc,sparse bs=1M seek=1 status=none

	if [ "$_root_mib" != 0 ]; then
		_ext4=$_work/root.img
		truncate -s "${_root_mib}M" "$_ext4"
		mkfs.ext4 -q -F -L "$2-root" -m 0 -J size=8 -E lazy_itable_init=0,lazy_journal_init=0 -d "$6" "$_ext4"
		dd if="$_ext4" of="$_image" conv=notrunc,sparse bs=1M seek=$((_boot_mib + 1)) status=none
		qemu-img convert -c -O qcow2 -o compression_type=zstd "$_image" "$5"
	else
		qemu-img convert -O qcow2 "$_image" "$5"
	fi
	rm -rf "$_work"
}
