#!/usr/bin/env bash
# Puts the built images into the cluster and installs them, or updates the running
# installation in place. Guests keep running.
set -euo pipefail
cd "$(dirname "$0")/.."

began=$SECONDS
say() { printf 'deploy: %3ds  %s\n' $((SECONDS - began)) "$*" >&2; }

# A tag per content: what did not change is not rolled out again.
tag() { head -c 12 "_out/images/$1.key"; }
load() { hack/cli.sh load-image --name "kubevirt/$1:$2" "_out/images/$1.tar" >/dev/null; }

say "loading images"
load kubevirt "$(tag kubevirt)"
load virt-launcher "$(tag virt-launcher)"
for guest in _out/images/guest-*.tar; do
  name=$(basename "$guest" .tar)
  load "$name" devel
done

say "applying the operator"
go run ./hack/manifest --image "kubevirt/kubevirt:$(tag kubevirt)" --launcher-image "kubevirt/virt-launcher:$(tag virt-launcher)"
hack/kubectl.sh apply --server-side --force-conflicts -f _out/manifests/kubevirt-operator.yaml >/dev/null
# The operator's webhook must answer before its object can be created.
hack/kubectl.sh -n kubevirt rollout status deployment/virt-operator --timeout=3m >/dev/null
say "operator ready"
for attempt in {1..60}; do
  if error=$(hack/kubectl.sh apply --server-side --force-conflicts -f _out/manifests/kubevirt-cr.yaml 2>&1 >/dev/null); then
    break
  fi
  [[ $attempt != 60 ]] || { echo "$error" >&2; exit 1; }
  sleep 0.5
done

say "waiting for the components"
# In the edge profile there is no virt-controller of its own.
workloads() { hack/kubectl.sh -n kubevirt get deployment,daemonset -l app.kubernetes.io/managed-by=virt-operator "$@"; }
# True once what runs is what was asked for: the new images, everywhere.
settled() {
  local images
  images=$(workloads -o jsonpath='{range .items[*]}{.spec.template.spec.containers[0].image}{"\n"}{end}' 2>/dev/null) || return 1
  [[ $(sort -u <<<"$images") == "kubevirt/kubevirt:$(tag kubevirt)" ]]
}
for attempt in {1..240}; do
  settled && break
  [[ $attempt != 240 ]] || { echo "the operator did not roll the components out:" >&2; hack/kubectl.sh -n kubevirt get kubevirt -o yaml >&2; exit 1; }
  sleep 0.5
done
for workload in $(workloads -o name); do
  hack/kubectl.sh -n kubevirt rollout status "$workload" --timeout=3m >/dev/null
done
hack/kubectl.sh -n kubevirt wait kubevirt --all --for=condition=Available --timeout=3m >/dev/null
say "KubeVirt is available"
