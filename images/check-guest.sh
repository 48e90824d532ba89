#!/bin/bash
# Boots a guest image in plain QEMU (emulated, no KVM, no libvirt) and checks what
# the rest of the project relies on. The image is the archive that hack/images.sh
# makes; everything else is temporary. Network traffic stays on loopback.
#
# usage: images/check-guest.sh tiny|debian
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

guest=${1:-}
case $guest in
tiny) memory=128 cache=32 limit=120 ;;
debian) memory=512 cache=128 limit=300 ;;
*)
	echo "usage: $0 tiny|debian" >&2
	exit 2
	;;
esac

work=$(mktemp -d)
qemu=
cleanup() {
	[ -z "$qemu" ] || kill -9 "$qemu" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

missing=()
for pair in qemu-system-x86_64=qemu-system-x86 qemu-img=qemu-utils xorriso=xorriso socat=socat curl=curl ssh=openssh-client bc=bc; do
	command -v "${pair%%=*}" >/dev/null || missing+=("${pair##*=}")
done
if [ ${#missing[@]} -gt 0 ]; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

began=$EPOCHREALTIME
ok() { printf '%6.1fs  ok    %s\n' "$(bc <<<"$EPOCHREALTIME - $began")" "$*"; }
fail() {
	printf '%6.1fs  FAIL  %s\n' "$(bc <<<"$EPOCHREALTIME - $began")" "$*"
	echo '--- the last of the serial console'
	tail -c 3000 "$work/serial.log"
	exit 1
}

# within SECONDS WHAT COMMAND...: tries until it succeeds.
within() {
	local seconds=$1 what=$2 until
	shift 2
	until=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] || fail "$what"
		kill -0 "$qemu" 2>/dev/null || fail "$what: QEMU has ended"
		sleep 0.2
	done
	ok "$what"
}

# The image's only layer holds one file, owned as a container disk has to be.
unpack() {
	local layer
	tar -xf "_out/images/guest-$guest.tar" -C "$work"
	layer=$work/$(sed 's/.*"Layers":\["\([^"]*\)".*/\1/' "$work/manifest.json")
	tar -tvf "$layer" | grep -q '^-r--r----- 107/107 .* disk/' || {
		tar -tvf "$layer"
		fail "the disk is one file below /disk, 107:107, mode 0440"
	}
	tar -xf "$layer" -C "$work"
	disk=$(echo "$work"/disk/*)
	ok "the image holds $(basename "$disk"), $(($(stat -c %s "$disk") / 1048576)) MiB"
}

seed() {
	mkdir "$work/seed"
	# JSON, as the launcher writes it.
	printf '{"instance-id":"check","local-hostname":"web-1"}\n' >"$work/seed/meta-data"
	if [ "$guest" = tiny ]; then
		printf '#!/bin/sh\necho seen >/run/user-data-ran\n' >"$work/seed/user-data"
	else
		ssh-keygen -q -t ed25519 -N '' -f "$work/key"
		cat >"$work/seed/user-data" <<-EOF
			#cloud-config
			ssh_authorized_keys:
			  - $(cat "$work/key.pub")
			runcmd:
			  - echo seen >/run/user-data-ran
		EOF
	fi
	xorriso -as mkisofs -quiet -V cidata -J -r -o "$work/seed.iso" "$work/seed" 2>/dev/null
}

free_port() {
	local port
	for port in $(shuf -i 20000-30000 -n 50); do
		if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}

start() { # start BUS
	local devices
	# shellcheck disable=SC2054 # the commas belong to QEMU
	case $1 in
	virtio) devices=(-device virtio-blk-pci,drive=disk,bootindex=1 -device virtio-blk-pci,drive=seed) ;;
	sata) devices=(-device ide-hd,drive=disk,bus=ide.0,bootindex=1 -device ide-cd,drive=seed,bus=ide.1) ;;
	esac
	rm -f "$work/overlay.qcow2" "$work"/*.sock "$work/serial.log"
	qemu-img create -q -f qcow2 -F qcow2 -b "$disk" "$work/overlay.qcow2"
	http=$(free_port)
	shell=$(free_port)
	began=$EPOCHREALTIME
	qemu-system-x86_64 -machine q35 -accel "tcg,tb-size=$cache" -cpu max -m "$memory" -display none -vga std \
		-drive "if=none,id=disk,format=qcow2,file=$work/overlay.qcow2" \
		-drive "if=none,id=seed,format=raw,readonly=on,file=$work/seed.iso" "${devices[@]}" \
		-netdev "user,id=net,hostfwd=tcp:127.0.0.1:$http-:80,hostfwd=tcp:127.0.0.1:$shell-:22" \
		-device virtio-net-pci,netdev=net,romfile= \
		-chardev "socket,id=serial,path=$work/serial.sock,server=on,wait=off,logfile=$work/serial.log" -serial chardev:serial \
		-chardev "socket,id=agent,path=$work/agent.sock,server=on,wait=off" \
		-device virtio-serial -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0 \
		-qmp "unix:$work/qmp.sock,server=on,wait=off" &
	qemu=$!
	until [ -S "$work/qmp.sock" ] && [ -e "$work/serial.log" ]; do sleep 0.1; done
	# A console drops what nobody listens to.
	mkfifo "$work/keys" 2>/dev/null || true
	socat - "UNIX-CONNECT:$work/serial.sock" <"$work/keys" >/dev/null &
	exec 3>"$work/keys"
}

typed() { printf '%s\n' "$*" >&3; }
seen() { tr -d '\r' <"$work/serial.log" | grep -q -- "$1"; }
prompts() { [ "$(grep -c 'web-1 login:' "$work/serial.log")" -ge "$1" ]; }
# asked COMMAND PATTERN: types it and looks for the answer. What the guest echoes
# counts too, so a command must not contain what its answer is known by.
asked() {
	typed "$1"
	sleep 1
	seen "$2"
}
served() { [ "$(curl -s -m 5 "http://127.0.0.1:$http/")" = web-1 ]; }
logged_in() {
	ssh -q -i "$work/key" -p "$shell" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \
		-o ConnectTimeout=20 debian@127.0.0.1 'sudo -n hostname' | grep -qx web-1
}
agent() { (printf '{"execute":"%s"}\n' "$1"; sleep 3) | timeout 10 socat - "UNIX-CONNECT:$work/agent.sock" | grep -q "$2"; }
power_button() {
	(printf '{"execute":"qmp_capabilities"}{"execute":"system_powerdown"}\n'; sleep 0.5) |
		socat - "UNIX-CONNECT:$work/qmp.sock" >/dev/null
}
down() { ! kill -0 "$qemu" 2>/dev/null; }

powers_off() {
	local since=$EPOCHREALTIME until=$((SECONDS + 60))
	power_button
	until down; do
		[ "$SECONDS" -lt "$until" ] || fail "powers off when the power button is pressed"
		sleep 0.1
	done
	wait "$qemu" || fail "QEMU ended with an error"
	ok "powers off when the power button is pressed ($(bc <<<"$EPOCHREALTIME - $since")s)"
	qemu=
	exec 3>&-
}

unpack
seed

start virtio
within "$limit" "login prompt with the host name from meta-data (virtio)" prompts 1
typed root
within "$limit" "a shell on the serial console" seen '~ *#'
within 60 "the first NIC has its address by DHCP" asked 'ip -4 address show dev eth0' 'inet .*10[.]0[.]2[.]15.*/24'
within 30 "the name server too" asked 'cat /etc/resolv.conf' 'nameserver 10.0.2.3'
within 60 "port 80 answers with the host name" served
# shellcheck disable=SC2016 # for the guest's shell
within "$limit" "user-data ran" asked 'echo user-data-$(cat /run/user-data-ran)' 'user-data-seen'
if [ "$guest" = debian ]; then
	within "$limit" "ssh with the key from user-data" logged_in
	within 60 "the guest agent answers" agent guest-get-osinfo '"id": "debian"'
fi
typed reboot
within "$limit" "reboot ends at the login prompt again" prompts 2
within 60 "port 80 answers again" served
powers_off

start sata
within "$limit" "login prompt (SATA disk, cloud-init on a SATA CD-ROM)" seen 'login:'
within 60 "port 80 answers with the host name" served
powers_off
