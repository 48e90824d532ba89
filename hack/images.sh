#!/bin/bash
# Builds the container images into _out/images/NAME.tar, without a registry and
# without a container daemon.
#
# usage: hack/images.sh [--refresh] [NAME...]
#        hack/images.sh --clean
#
# NAME: kubevirt virt-launcher virtctl guest-tiny guest-debian; all by default.
# The programs have to lie in _out/bin already (make build does that).
#
# --refresh  build the cached layers again, with today's Debian packages
# --clean    remove the cache
#
# Each archive is a docker archive of uncompressed layers, holding one image
# named docker.io/$IMAGE_PREFIX/NAME:$IMAGE_TAG (kubevirt/NAME:devel for short), and beside it lies
# NAME.key: it changes when, and only when, the archive does.
#
# What takes long (a Debian root, the launcher's libvirt and QEMU, the guests'
# disks) is kept under $XDG_CACHE_HOME/kubevirt-images by the hash of what it is
# made from. DEBIAN_IMAGE names another base image than the one made here;
# DEBIAN_MIRROR another package mirror than mmdebstrap's own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

prefix=${IMAGE_PREFIX:-kubevirt}
tag=${IMAGE_TAG:-devel}
out=_out/images
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubevirt-images
suite=trixie
all=(kubevirt virt-launcher virtctl guest-tiny guest-debian)

# A fixed time on every file and image: what did not change keeps its digest.
epoch=1735689600

began=$EPOCHREALTIME
say() { printf 'images: %6.1fs  %s\n' "$(bc <<<"$EPOCHREALTIME - $began")" "$*" >&2; }

need() { # need COMMAND=PACKAGE...: installs the packages of missing commands
	local pair missing=()
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null || missing+=("${pair##*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

tool() { buildah --root "$cache/storage" --runroot "$cache/run" --storage-driver "$driver" "$@"; }

# buildah leaves mounts behind: its storage onto itself, and stages that were
# copied from. The last run to end removes them; every run holds the lock shared.
tidy() {
	flock --exclusive --nonblock 8 || return 0
	awk -v below="$cache/storage/" 'index($2, below) == 1 {print $2}' /proc/mounts | sort -r | while read -r mounted; do
		umount "$mounted" || true
	done
}

# overlay needs a file system that can be its upper layer; vfs works everywhere
# but copies a whole root for every step.
choose_driver() {
	if [ -e "$cache/driver" ]; then
		driver=$(<"$cache/driver")
		return
	fi
	local try=$cache/overlay-trial
	mkdir -p "$try"/{lower,upper,work,merged}
	driver=vfs
	if mount -t overlay overlay -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" "$try/merged" 2>/dev/null; then
		umount "$try/merged"
		driver=overlay
	fi
	rm -rf "$try"
	echo "$driver" >"$cache/driver"
}

key() { # key PATH...: hash over names, modes and contents of files and directories
	find "$@" \( -type f -o -type l \) -printf '%p %m %l\0' | sort -z | sha256sum
	find "$@" -type f -print0 | sort -z | xargs -0 cat | sha256sum
}

short() { sha256sum | cut -c 1-16; }

# The stages of the Dockerfile with these names, as text.
stages() {
	local pattern
	pattern=$(IFS='|'; echo "$*")
	awk -v want="^($pattern)\$" '/^FROM /{on = ($4 ~ want)} on' Dockerfile
}

build() { # build TARGET NAME [ARGUMENT...]
	local target=$1 name=$2 log
	shift 2
	log=$(mktemp)
	if ! tool build --isolation chroot --pull-never --timestamp "$epoch" --format oci --identity-label=false \
		--target "$target" --tag "$name" "$@" --file Dockerfile . >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

have() { tool inspect --type image "$1" >/dev/null 2>&1; }

debian() { # makes the base image if it is not there; its name is left in $debian_image
	debian_image=${DEBIAN_IMAGE:-}
	[ -z "$debian_image" ] || return 0
	debian_image=localhost/kubevirt-images/debian:$suite
	if have "$debian_image" && { [ -z "$refresh" ] || [ -n "$refreshed" ]; }; then return 0; fi
	(
		flock 9
		! have "$debian_image" || [ -n "$refresh" ] || exit 0 # somebody else has made it meanwhile
		need mmdebstrap=mmdebstrap
		say "debian: bootstrapping $suite"
		local archive container
		archive=$(mktemp "$cache/debian.XXXXXX.tar")
		mmdebstrap --quiet --variant=minbase "$suite" "$archive" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >&2
		container=$(tool from scratch)
		tool add --quiet "$container" "$archive" / >/dev/null
		tool commit --quiet --rm --timestamp "$epoch" "$container" "$debian_image" >/dev/null
		rm -f "$archive"
		say "debian: done"
	) 9>"$cache/debian.lock"
	refreshed=yes
}

base() { # base NAME TARGET KEY: makes the image of a slow stage if it is not there
	local name=$1 target=$2 image=localhost/kubevirt-images/$1:$3
	base_image=$image
	if have "$image" && [ -z "$refresh" ]; then return 0; fi
	debian
	(
		flock 9
		! have "$image" || [ -n "$refresh" ] || exit 0
		say "$name: building the base (once)"
		local old
		old=$(tool images --quiet --filter "reference=localhost/kubevirt-images/$name" | sort -u)
		build "$target" "$image" --build-arg "DEBIAN_IMAGE=$debian_image"
		# shellcheck disable=SC2086 # one word per image is meant
		[ -z "$old" ] || tool rmi $old >/dev/null 2>&1 || true
		say "$name: base done"
	) 9>"$cache/$name.lock"
}

archive() { # archive NAME KEY [ARGUMENT...]: the final image and its archive, unless they are there
	local name=$1 key=$2 file=$out/$1.tar image=docker.io/$prefix/$1:$tag
	shift 2
	if [ -e "$file" ] && [ "$(cat "$out/$name.key" 2>/dev/null)" = "$key" ]; then
		say "$name: up to date"
		return 0
	fi
	rm -f "$file" "$file.new" "$out/$name.key"
	(
		# The name is one for all checkouts that share the cache.
		flock 9
		local old
		old=$(tool images --quiet "$image" 2>/dev/null || true)
		build "$name" "$image" "$@"
		tool push --quiet "$image" "docker-archive:$file.new:$image"
		[ -z "$old" ] || [ "$old" = "$(tool images --quiet "$image")" ] || tool rmi "$old" >/dev/null 2>&1 || true
	) 9>"$cache/$name.image.lock"
	mv "$file.new" "$file"
	echo "$key" >"$out/$name.key"
	say "$name: $file, $(($(stat -c %s "$file") / 1048576)) MiB"
}

binaries() { # binaries NAME...: fails with a hint when one is missing
	local name
	for name in "$@"; do
		[ -x "_out/bin/$name" ] || {
			echo "images: _out/bin/$name is missing; run 'make build' first" >&2
			return 1
		}
	done
}

make_image() {
	local name=$1 base_key
	case $name in
	kubevirt | virtctl)
		binaries "$name"
		archive "$name" "$( (echo "$prefix $tag"; stages "$name"; key "_out/bin/$name") | short)"
		;;
	virt-launcher)
		binaries virt-launcher container-disk
		base_key=$( (stages 'launcher-.*'; key images/launcher) | short)
		base launcher launcher-base "$base_key"
		archive "$name" "$( (echo "$prefix $tag $(tool images --quiet "$base_image")"; stages "$name"
			key _out/bin/virt-launcher _out/bin/container-disk) | short)" --build-arg "LAUNCHER_BASE=$base_image"
		;;
	guest-tiny | guest-debian)
		base_key=$( (stages guest-tools "$name-.*"; key images/guest "images/$name") | short)
		base "$name" "$name-disk" "$base_key"
		archive "$name" "$( (echo "$prefix $tag $(tool images --quiet "$base_image")"; stages "$name") | short)" \
			--build-arg "$(tr a-z- A-Z_ <<<"$name")_DISK=$base_image"
		;;
	*)
		echo "images: no image is called $name; there are: ${all[*]}" >&2
		return 2
		;;
	esac
}

refresh=
refreshed=
clean=
names=()
for argument in "$@"; do
	case $argument in
	--refresh) refresh=yes ;;
	--clean) clean=yes ;;
	-h | --help)
		sed -n '2,/^set /p' "${BASH_SOURCE[0]}" | sed -e '/^set /d' -e 's/^# \{0,1\}//'
		exit 0
		;;
	-*)
		echo "images: unknown option $argument" >&2
		exit 2
		;;
	*) names+=("$argument") ;;
	esac
done
[ ${#names[@]} -gt 0 ] || names=("${all[@]}")

[ "$(id -u)" = 0 ] || {
	echo "images: needs root (chroot and mounts)" >&2
	exit 1
}
mkdir -p "$cache" "$out"
exec 8>"$cache/use.lock"
if [ -n "$clean" ]; then
	tidy
	rm -rf "$cache"
	exit 0
fi
flock --shared 8
trap tidy EXIT
need buildah=buildah bc=bc
choose_driver
for name in "${names[@]}"; do
	make_image "$name"
done
