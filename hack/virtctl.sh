#!/bin/sh
# The virtctl built in this checkout, for the cluster of hack/cli.sh, or with
# KUBE_PROVIDER=external for the cluster of $KUBECONFIG.
set -eu
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
if [ "${KUBE_PROVIDER:-local}" != external ]; then
	KUBECONFIG=${XDG_STATE_HOME:-$HOME/.local/state}/kubevirt-cluster/${KUBEVIRT_CLUSTER:-kv}/kubeconfig
	export KUBECONFIG
fi
if [ ! -x "$root/_out/bin/virtctl" ]; then
	echo "there is no _out/bin/virtctl yet: build it first" >&2
	exit 1
fi
exec "$root/_out/bin/virtctl" "$@"
