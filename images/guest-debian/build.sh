#!/bin/sh
# Builds the Debian guest's disk. Runs inside a Debian root as root; ROOTFS is the
# root of another one, with the guest's packages installed.
#
# usage: build.sh BOOTDISK-LIBRARY SOURCE-DIR ROOTFS OUT.qcow2
set -eu

# shellcheck source=images/guest/bootdisk.sh
. "$1"
source=$2
rootfs=$3
disk=$4
work=$(mktemp -d)
packages=$work/packages
initrd=$work/root

rm -rf "$rootfs"/etc/cloud/cloud.cfg.d
cp -a "$source/root/." "$rootfs/"
chown -R 0:0 "$rootfs/etc" "$rootfs/srv"
"$source/slim.sh" "$rootfs"

unpack_packages "$packages" linux-image-cloud-amd64 busybox-static syslinux-common systemd-boot-efi
busybox_root "$packages" "$initrd"
cp "$source/initrd/init" "$initrd/init"
mkdir -p "$initrd/etc"
grep -v '^#' "$source/modules" | tee "$initrd/etc/modules" | copy_modules "$packages" "$initrd"
pack_initrd "$initrd" "$work/initrd"
cp -a "$packages/usr/lib/modules" "$rootfs/usr/lib/"

du -xsh "$rootfs"
make_disk "$packages" debian "$work/initrd" "$(cat "$source/cmdline")" "$disk" "$rootfs" 1536
ls -l "$packages"/boot/vmlinuz* "$work/initrd" "$disk"
rm -rf "$work"
