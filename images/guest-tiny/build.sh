#!/bin/sh
# Builds the tiny guest's disk: a GPT disk with one FAT partition that holds the
# kernel, the initial RAM disk and two boot loaders, so that BIOS and UEFI machines
# boot from it without anything said from outside. Runs inside a Debian root as
# root; needs no loop device and no mounts.
#
# usage: build.sh SOURCE-DIR OUT.qcow2
set -eu

source=$1
disk=$2
work=$(mktemp -d)

# Packages are unpacked, not installed: their scripts have nothing to contribute.
debs=$work/debs
mkdir -p "$debs"
cd "$debs"
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
apt-get download -qq -o APT::Sandbox::User=root "$kernel" busybox-static syslinux-common systemd-boot-efi
for deb in *.deb; do
	dpkg -x "$deb" "$work/pkg"
done
cd /
release=$(ls "$work/pkg/usr/lib/modules")

root=$work/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/run" "$root/root" "$root/mnt" "$root/var"
ln -s bin "$root/sbin"
cp -a "$source/root/." "$root/"
cp "$work/pkg/usr/bin/busybox" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
	[ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
done
chown -R 0:0 "$root"

# Only the modules named and what they need. They are unpacked here: the whole
# RAM disk is compressed in one piece, which is smaller and loads faster.
find "$work/pkg/usr/lib/modules" -name '*.ko.xz' -exec unxz {} +
depmod -b "$work/pkg/usr" "$release"
grep -v '^#' "$source/modules" >"$root/etc/modules"
modules=$root/lib/modules/$release
while read -r _ module; do
	modprobe -d "$work/pkg/usr" -S "$release" --show-depends "$module" | sed -n 's/^insmod //p'
done <"$root/etc/modules" | sort -u | while read -r path; do
	path=${path%% *}
	relative=${path#"$work/pkg/usr/lib/modules/$release/"}
	mkdir -p "$modules/$(dirname "$relative")"
	cp "$path" "$modules/$relative"
done
cp "$work/pkg/usr/lib/modules/$release/modules.order" "$work/pkg/usr/lib/modules/$release"/modules.builtin* "$modules/"
depmod -b "$root" "$release"
rm -f "$modules"/modules.builtin* "$modules"/modules.order "$modules"/*.bin "$modules/modules.devname" "$modules/modules.symbols"

find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | sort | cpio -o -H newc --quiet --reproducible | zstd -q -19) >"$work/initrd"

cmdline=$(cat "$source/cmdline")
sed "s|@CMDLINE@|$cmdline|" "$source/syslinux.cfg" >"$work/syslinux.cfg"
printf 'timeout 0\ndefault tiny\n' >"$work/loader.conf"
printf 'title tiny\nlinux /vmlinuz\ninitrd /initrd\noptions %s\n' "$cmdline" >"$work/tiny.conf"

# 1 MiB for the partition table, the partition, 1 MiB for its backup.
kernel=$work/pkg/boot/vmlinuz-$release
mib=$((($(stat -c %s "$kernel") + $(stat -c %s "$work/initrd")) / 1048576 + 3))
image=$work/disk.img
truncate -s $((mib + 2))M "$image"
sfdisk -q "$image" <<EOF
label: gpt
label-id: 6b7a0f66-6b2d-4d5f-9c1e-7469d6e79001
start=1MiB, size=${mib}MiB, type=uefi, name=boot, attrs=LegacyBIOSBootable
EOF
dd if="$work/pkg/usr/lib/syslinux/mbr/gptmbr.bin" of="$image" conv=notrunc bs=440 count=1 status=none
mkfs.vfat --offset 2048 -F 16 -h 2048 -i 74696e79 -n TINY "$image" $((mib * 1024)) >/dev/null
export MTOOLS_SKIP_CHECK=1
fat=$image@@1M
mmd -i "$fat" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries
mcopy -i "$fat" "$kernel" ::/vmlinuz
mcopy -i "$fat" "$work/initrd" ::/initrd
mcopy -i "$fat" "$work/syslinux.cfg" ::/syslinux.cfg
mcopy -i "$fat" "$work/loader.conf" ::/loader/loader.conf
mcopy -i "$fat" "$work/tiny.conf" ::/loader/entries/tiny.conf
mcopy -i "$fat" "$work/pkg/usr/lib/systemd/boot/efi/systemd-bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
syslinux --install --offset 1048576 "$image"

qemu-img convert -O qcow2 "$image" "$disk"
ls -l "$kernel" "$work/initrd" "$disk"
rm -rf "$work"
