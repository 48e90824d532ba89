#!/usr/bin/env bash
# Runs the tests that need real processes: libvirt, QEMU, network namespaces.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=()
for package in libvirt-daemon libvirt-clients qemu-system-x86 qemu-utils ovmf; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if ((${#missing[@]})); then
  echo "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
mapfile -t packages < <(hack/tagged.sh process)
export CGO_ENABLED=1
go test -tags "process libvirt_dlopen" -count=1 -p 1 "${packages[@]}"

# What needs the programs of the launcher's image, and a guest with an operating
# system, is tested once both have been built (hack/images.sh).
[[ -e _out/images/virt-launcher.tar && -e _out/images/guest-tiny.tar ]] || exit 0
roots=$(mktemp -d)
trap 'rm -rf "$roots"' EXIT
chmod 0755 "$roots"
for image in virt-launcher guest-tiny; do
  mkdir "$roots/$image"
  tar -xOf "_out/images/$image.tar" manifest.json | grep -o '[0-9a-f]\{64\}\.tar' | while read -r layer; do
    tar -xOf "_out/images/$image.tar" "$layer" | tar -x -C "$roots/$image"
  done
done
KUBEVIRT_LAUNCHER_ROOT=$roots/virt-launcher KUBEVIRT_GUEST_TINY=$roots/guest-tiny \
  go test -tags "process libvirt_dlopen" -count=1 -run '^Test(Passt|Filesystem|MemoryDump$)' ./launcher/run
