#!/usr/bin/env bash
# Formatting, linters, and generated files that are what `make generate` makes.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [[ -n $unformatted ]]; then
  echo "run make fmt; not formatted:" >&2
  echo "$unformatted" >&2
  exit 1
fi
echo "golangci-lint, go vet included, with every build tag"
# It type-checks the launcher as well, so it needs cgo.
CGO_ENABLED=1 go tool -modfile=hack/tools/go.mod golangci-lint run --allow-serial-runners ./...
(cd test/cluster && go vet ./...)

echo "generated files"
before=$(git status --porcelain)
hack/generate.sh
if [[ $(git status --porcelain) != "$before" ]]; then
  echo "run make generate and commit what it changes:" >&2
  git status --short >&2
  exit 1
fi
