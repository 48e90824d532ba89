#!/usr/bin/env bash
# Lists the packages that hold test files with the given build tag.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files --cached --others --exclude-standard '*_test.go' | grep -v '^test/cluster/' |
  xargs grep -lE "^//go:build .*\b$1\b" | xargs -n1 dirname | sort -u | sed 's#^#./#'
