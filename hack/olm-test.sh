#!/usr/bin/env bash
# Has the Operator Lifecycle Manager install and upgrade this checkout, on a cluster of
# its own: three versions in a row, made from the same images. KEEP=1 leaves the cluster
# up afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
export KUBEVIRT_CLUSTER=${KUBEVIRT_CLUSTER:-olm} NUM_NODES=1
work=_out/olm
say() { printf 'olm-test: %4ds  %s\n' $SECONDS "$*" >&2; }
load() { hack/cli.sh load-image --name "$1" "$2" >/dev/null; }
builder() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

image() { # image NAME DIRECTORY DOCKERFILE: an image of files, which the cluster can pull
	rm -f "$work/image.tar"
	builder build --quiet --isolation chroot --tag "$1" --file "$2/$3" "$2" >/dev/null
	builder push --quiet "$1" "docker-archive:$work/image.tar:$1"
	load "$1" "$work/image.tar"
}

rm -rf "$work"
mkdir -p "$work"
. hack/own-cluster.sh
hack/cli.sh olm

say "making bundles and catalogs"
go build -o "$work/make" ./hack/bundle
number=$(sed 's/^v//' VERSION)
patch=${number##*.}
versions=()
bundles=()
replaces=
for i in 0 1 2; do
	version=v${number%.*}.$((patch + i))
	"$work/make" -version "$version" -replaces "$replaces" -out "$work/$version/bundle" \
		-image "kubevirt/kubevirt:olm-$version" -launcher-image "kubevirt/virt-launcher:olm-$version"
	image "kubevirt/bundle:$version" "$work/$version" bundle.Dockerfile
	versions+=("$version")
	bundles+=("kubevirt/bundle:$version=$work/$version/bundle")
	"$work/make" -catalog "$work/catalog-$version" "${bundles[@]}"
	image "kubevirt/catalog:$version" "$work/catalog-$version" catalog.Dockerfile
	replaces=kubevirt-operator.$version
	load "kubevirt/kubevirt:olm-$version" _out/images/kubevirt.tar
	load "kubevirt/virt-launcher:olm-$version" _out/images/virt-launcher.tar
done
load kubevirt/guest-tiny:devel _out/images/guest-tiny.tar
# An update to this version cannot be finished: only the next one helps.
load "kubevirt/virt-launcher:olm-${versions[1]}" _out/images/guest-tiny.tar

say "testing"
OLM_VERSIONS="${versions[*]}" hack/e2e.sh --label-filter olm
