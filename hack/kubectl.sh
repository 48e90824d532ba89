#!/bin/sh
# kubectl for the cluster of hack/cli.sh, or with KUBE_PROVIDER=external for
# the cluster of $KUBECONFIG.
set -eu
state=${XDG_STATE_HOME:-$HOME/.local/state}/kubevirt-cluster/${KUBEVIRT_CLUSTER:-kv}
if [ "${KUBE_PROVIDER:-local}" = external ]; then
	exec kubectl "$@"
fi
if [ ! -f "$state/kubeconfig" ]; then
	echo "no cluster is up: run hack/cli.sh up" >&2
	exit 1
fi
KUBECONFIG=$state/kubeconfig exec "$state/bin/kubectl" "$@"
