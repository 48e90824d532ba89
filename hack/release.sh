#!/usr/bin/env bash
# Builds a release of this project from the repository's own history, with the
# scripts it had then, and prints the directory it lies in:
#
#   bin/        its programs
#   images/     the archives of kubevirt and virt-launcher, named kubevirt/NAME:VERSION
#   manifests/  kubevirt-operator.yaml and kubevirt-cr.yaml, for these images
#
# usage: hack/release.sh VERSION            (as the VERSION file has it: v0.1.0)
#
# A release is the commit that brought its number into the VERSION file. What was
# built is kept under $XDG_CACHE_HOME/kubevirt-releases by version and commit.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ $# == 1 && $1 == v* ]] || { echo "usage: hack/release.sh VERSION" >&2; exit 2; }
version=$1
began=$SECONDS
say() { printf 'release: %3ds  %s\n' $((SECONDS - began)) "$*" >&2; }

find_commit() { # the first commit whose VERSION file holds the number
  local commit
  while read -r commit; do
    if [[ $(git show "$commit:VERSION" 2>/dev/null) == "$version" ]]; then
      echo "$commit"
      return
    fi
  done < <(git log --reverse --format=%H -- VERSION)
}

if ! git rev-parse --git-dir >/dev/null 2>&1; then
  echo "release: $version is built from history, and this is no git repository" >&2
  exit 1
fi
commit=$(find_commit)
shallow=$(git rev-parse --git-path shallow)
# Where history was cut off, the oldest commit seems to bring every file.
if [[ -n $commit ]] && grep -qx "$commit" "$shallow" 2>/dev/null; then
  commit=
fi
if [[ -z $commit ]]; then
  hint="there is no such release"
  [[ ! -e $shallow ]] || hint="this clone is shallow: run 'git fetch --unshallow' first"
  echo "release: no commit brings $version into the VERSION file; $hint" >&2
  exit 1
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubevirt-releases
release=$cache/$version-${commit:0:12}
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [[ -d $release ]]; then
  echo "$release"
  exit 0
fi

work=$(mktemp -d "$cache/build.XXXXXX")
# The images' layers have a cache of their own: the old scripts drop layers that
# they would not build themselves, and with the usual one those of this checkout.
images() { env XDG_CACHE_HOME="$work/cache" IMAGE_TAG="$version" hack/images.sh "$@"; }
leave() {
  if [[ -d $work/cache ]]; then
    (cd "$work/source" && images --clean) || true
  fi
  rm -rf "$work"
}
trap leave EXIT

say "building $version from commit ${commit:0:12}"
mkdir "$work/source" "$work/cache"
git archive "$commit" | tar -x -C "$work/source"
cd "$work/source"
# Nothing of this build's settings reaches that one's; Go's cache is shared, it is
# keyed by content.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES IMAGES IMAGE LAUNCHER_IMAGE IMAGE_PREFIX IMAGE_TAG VERSION OUT LDFLAGS
make --no-print-directory build manifest >&2
say "programs and manifests are built"
images kubevirt virt-launcher >&2
mv _out "$release"
say "$release"
echo "$release"
