#!/usr/bin/env bash
# Formatting, vet for every set of build tags, and generated files that are what
# `make generate` makes.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [[ -n $unformatted ]]; then
  echo "run make fmt; not formatted:" >&2
  echo "$unformatted" >&2
  exit 1
fi
mapfile -t pure < <(hack/packages.sh pure)
for tags in "" envtest process e2e bench; do
  echo "go vet${tags:+, $tags}"
  go vet -tags "$tags" "${pure[@]}"
done
mapfile -t cgo < <(hack/packages.sh cgo)
CGO_ENABLED=1 go vet -tags "libvirt_dlopen process" "${cgo[@]}"
(cd test/cluster && go vet ./...)

echo "golangci-lint"
# It type-checks the launcher as well, so it needs cgo.
CGO_ENABLED=1 go tool -modfile=hack/tools/go.mod golangci-lint run ./...

echo "generated files"
before=$(git status --porcelain)
hack/generate.sh
if [[ $(git status --porcelain) != "$before" ]]; then
  echo "run make generate and commit what it changes:" >&2
  git status --short >&2
  exit 1
fi
