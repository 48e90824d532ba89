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
exec go test -tags "process libvirt_dlopen" -count=1 -p 1 "${packages[@]}"
