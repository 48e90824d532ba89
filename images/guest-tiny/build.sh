#!/bin/sh
# Builds the tiny guest's disk. Runs inside a Debian root as root.
#
# usage: build.sh BOOTDISK-LIBRARY SOURCE-DIR OUT.qcow2
set -eu

# shellcheck source=images/guest/bootdisk.sh
. "$1"
source=$2
disk=$3
work=$(mktemp -d)
packages=$work/packages
root=$work/root

unpack_packages "$packages" busybox-static syslinux-common systemd-boot-efi
busybox_root "$packages" "$root"
cp -a "$source/root/." "$root/"
grep -v '^#' "$source/modules" >"$root/etc/modules"
cut -d ' ' -f 2 "$root/etc/modules" | copy_modules "$packages" "$root"
pack_initrd "$root" "$work/initrd"
make_disk "$packages" tiny "$work/initrd" "$(cat "$source/cmdline")" "$disk"
ls -l "$packages"/boot/vmlinuz* "$work/initrd" "$disk"
rm -rf "$work"
