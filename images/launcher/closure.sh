#!/bin/sh
# Builds the root file system of the virt-launcher image: the files named in
# FILES from the packages named in PACKAGES, and every shared library the
# programs among them are linked with. Runs inside a Debian root as root.
#
# usage: closure.sh PACKAGES FILES OUT
#
# Packages are unpacked, not installed: their maintainer scripts would start
# services and pull in an init system that the image has no use for.
set -eu

packages=$1
files=$2
out=$3
work=$(mktemp -d)
unpacked=$work/root
mkdir -p "$unpacked" "$out" "$work/debs/partial"

apt-get update -qq
# shellcheck disable=SC2046 # one word per package is meant
apt-get install -y -qq --no-install-recommends --download-only \
	-o Dir::Cache::archives="$work/debs" -o APT::Sandbox::User=root \
	$(grep -v '^#' "$packages") >/dev/null
for deb in "$work"/debs/*.deb; do
	dpkg -x "$deb" "$unpacked"
done

# Debian's merged /usr: the dynamic loader and "#!/bin/sh" are found through these.
mkdir -p "$out/usr/bin" "$out/usr/sbin" "$out/usr/lib" "$out/usr/lib64"
for dir in bin sbin lib lib64; do
	ln -s "usr/$dir" "$out/$dir"
done

# Libraries of the base system are not among the downloads: / itself has them.
# swtpm's own library lies in a directory only swtpm searches; the copy lands
# where everybody searches.
libdir=usr/lib/x86_64-linux-gnu
loader=$(readlink -f /lib64/ld-linux-x86-64.so.2)

copy() { # copy ROOT PATH: one file with its directories, symlinks followed at the last step only
	mkdir -p "$out/$(dirname "$2")"
	cp -a "$1/$2" "$out/$2"
	if [ -L "$1/$2" ]; then
		target=$(readlink "$1/$2")
		case $target in
		/*) copy "$1" "${target#/}" ;;
		*) copy "$1" "$(dirname "$2")/$target" ;;
		esac
	fi
}

is_elf() {
	[ "$(head -c 4 "$1" | od -An -tx1 | tr -d ' ')" = 7f454c46 ]
}

libraries() { # libraries FILE: name and location of everything it is linked with, directly or not
	"$loader" --library-path "$unpacked/$libdir:$unpacked/$libdir/swtpm:/$libdir" --list "$1" >"$work/ldd" || {
		echo "closure: $1 needs a library that no package brings:" >&2
		cat "$work/ldd" >&2
		return 1
	}
	sed -n 's/^[[:space:]]*\([^ /]*\) => \([^ ]*\) .*/\1 \2/p' "$work/ldd"
}

grep -v -e '^#' -e '^$' "$files" | while read -r pattern; do
	found=
	for root in "$unpacked" ""; do
		for path in "$root"/$pattern; do
			[ -e "$path" ] || continue
			found=yes
			path=${path#"$root"/}
			copy "$root" "$path"
			real=$(readlink -f "$root/$path")
			if is_elf "$real"; then
				libraries "$real" >>"$work/libraries"
			fi
		done
		[ -z "$found" ] || break
	done
	[ -n "$found" ] || {
		echo "closure: no package brings $pattern" >&2
		exit 1
	}
done

sort -u "$work/libraries" | while read -r name location; do
	mkdir -p "$out/$libdir"
	cp -L "$location" "$out/$libdir/$name"
done
cp -L "$loader" "$out/usr/lib64/ld-linux-x86-64.so.2"

# Places a program expects. The root is read-only in a pod; all that is written
# goes to the one volume at /var/run/kubevirt, /tmp included: some programs
# (swtpm_setup) know no other place, whatever TMPDIR says.
mkdir -p "$out/var" "$out/run/kubevirt/tmp" "$out/etc" "$out/proc" "$out/sys" "$out/dev"
chown -R 107:107 "$out/run/kubevirt"
ln -s ../run "$out/var/run"
ln -s var/run/kubevirt/tmp "$out/tmp"

# libvirtd finds the launcher under this name before the real program, which is
# started by it.
mkdir -p "$out/usr/libexec/kubevirt"
ln -s ../../bin/virt-launcher "$out/usr/libexec/kubevirt/passt"

# A shell and the usual small tools, for kubectl exec.
for applet in $("$out/usr/bin/busybox" --list); do
	[ -e "$out/usr/bin/$applet" ] || ln -s busybox "$out/usr/bin/$applet"
done

rm -rf "$work"
