#!/usr/bin/env bash
# Regenerates what is derived: deep copies and CRDs from the API types, Go code
# from the protocols.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/_out/tools
mkdir -p "$bin"
(cd hack/tools && GOBIN=$bin go install tool)
command -v protoc >/dev/null || apt-get install -y -qq protobuf-compiler >/dev/null
for actor in launcher handler; do
  PATH=$bin:$PATH protoc -I . --go_out=. --go_opt=module=kubevirt.io/kubevirt \
    --go-grpc_out=. --go-grpc_opt=module=kubevirt.io/kubevirt "$actor/protocol/$actor.proto"
done
