#!/bin/sh
# Lets libvirt ask QEMU once, without KVM, what it can do, and keeps the answer:
# a launcher that starts with it is ready 0.4 s earlier and 6 MiB smaller. Runs
# as uid 107 in the finished root.
#
# usage: probe.sh OUT
#
# libvirt trusts the answer only while three times in it agree with the files
# (qemuctime, selfctime, qemumoddirmtime); they change with every unpacking of
# the image, so whoever uses this puts the right ones in.
set -eu

out=$1
dir=$(mktemp -d)
export HOME="$dir" XDG_RUNTIME_DIR="$dir/run" XDG_CONFIG_HOME="$dir/config" XDG_CACHE_HOME="$dir/cache"
mkdir -p "$dir/run" "$dir/config/libvirt" "$dir/cache"
ln -s /etc/libvirt/qemu.conf "$dir/config/libvirt/qemu.conf"

/usr/sbin/libvirtd --config /etc/libvirt/libvirtd.conf --timeout 0 >"$dir/log" 2>&1 &
daemon=$!
uri="qemu+unix:///session?socket=$dir/run/libvirt/libvirt-sock"
tries=0
until virsh -q -c "$uri" domcapabilities --virttype qemu >/dev/null 2>>"$dir/log"; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || {
		cat "$dir/log" >&2
		exit 1
	}
	usleep 100000
done
kill "$daemon"
wait "$daemon" || true

answer=$(echo "$dir"/cache/libvirt/qemu/cache/capabilities/*.xml)
if grep -q "<flag name='kvm'/>" "$answer"; then
	echo "probe: /dev/kvm was usable; its answer fits this machine only" >&2
	exit 1
fi
cp "$answer" "$out"
rm -rf "$dir"
