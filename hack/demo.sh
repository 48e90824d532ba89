#!/usr/bin/env bash
# From nothing to a guest's login prompt: cluster, images, installation, machine.
# Every stage is printed with its time. DEMO_GUEST=tiny takes the small guest.
set -euo pipefail
cd "$(dirname "$0")/.."

guest=${DEMO_GUEST:-debian}
[[ -f config/samples/demo-$guest.yaml ]] || { echo "DEMO_GUEST=$guest: want debian or tiny" >&2; exit 2; }
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

began=$EPOCHREALTIME
stage() { printf '\n==> %6.1f s  %s\n' "$(bc <<<"$EPOCHREALTIME - $began")" "$*"; }
command -v bc >/dev/null && command -v curl >/dev/null || {
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bc curl >/dev/null
}

stage "a Kubernetes cluster with two nodes"
hack/cli.sh up
stage "the programs"
make --no-print-directory build
stage "the images and the guest's disk"
hack/images.sh kubevirt virt-launcher "guest-$guest"
stage "the installation: one operator, one KubeVirt object"
hack/deploy.sh

stage "a virtual machine, made from config/samples/demo-$guest.yaml"
hack/kubectl.sh delete virtualmachine myvm --ignore-not-found --wait >/dev/null
hack/kubectl.sh apply --validate=strict -f "config/samples/demo-$guest.yaml"
# The console is opened before the guest runs: virtctl waits for it.
sleep infinity | hack/virtctl.sh console myvm >"$work/console" 2>"$work/console.err" &
hack/kubectl.sh wait virtualmachine myvm --for=condition=Ready --timeout=2m
hack/kubectl.sh get virtualmachine,virtualmachineinstance,pods -o wide

stage "the guest's serial console"
tail -n +1 -f "$work/console" &
for attempt in {1..600}; do
  grep -aq 'login: ' "$work/console" && break
  [[ $attempt != 600 ]] || { echo "no login prompt" >&2; cat "$work/console.err" >&2; exit 1; }
  sleep 0.5
done
kill %tail 2>/dev/null || true

stage "its web server, through a Service, from the other node"
home=$(hack/kubectl.sh get virtualmachineinstance myvm -o jsonpath='{.status.nodeName}')
other=$(hack/kubectl.sh get nodes -o name | grep -v "/$home$" | head -n 1)
service=$(hack/kubectl.sh get service myvm -o jsonpath='{.spec.clusterIP}')
for attempt in {1..240}; do
  if answer=$(hack/cli.sh ssh "${other#node/}" -- curl -sS --max-time 2 "http://$service/" 2>/dev/null); then
    break
  fi
  [[ $attempt != 240 ]] || { echo "no answer" >&2; exit 1; }
  sleep 0.5
done
echo "$home runs the guest; asked from ${other#node/}, it answers: $answer"

stage "done"
cat <<'END'

What next:
  hack/virtctl.sh console myvm           # log in as root; ctrl+] leaves
  hack/kubectl.sh get vm,vmi,pods -o wide
  hack/virtctl.sh stop myvm              # the guest shuts down
  hack/virtctl.sh start myvm
  make cluster-down                      # leaves nothing behind
END
