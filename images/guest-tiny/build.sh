#!/bin/sh
# Builds the tiny guest's disk, and beside it its kernel and initrd. Runs inside a
# Debian root as root.
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

# The cloud kernel has no USB and no drivers of emulated NICs.
unpack_packages "$packages" linux-image-amd64 busybox-static syslinux-common systemd-boot-efi
busybox_root "$packages" "$root"
cp -a "$source/root/." "$root/"
sed -n 's/^boot //p' "$source/modules" >"$root/etc/modules"
sed -e '/^#/d' -e '/^$/d' -e 's/^boot //' "$source/modules" | copy_modules "$packages" "$root"
pack_initrd "$root" "$work/initrd"
cp "$work/initrd" "$(dirname "$disk")/initrd"
cp "$packages"/boot/vmlinuz-* "$(dirname "$disk")/vmlinuz"
make_disk "$packages" tiny "$work/initrd" "$(cat "$source/cmdline")" "$disk"
ls -l "$packages"/boot/vmlinuz* "$work/initrd" "$disk"
rm -rf "$work"
