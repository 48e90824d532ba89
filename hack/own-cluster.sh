# To be sourced: a new cluster named $KUBEVIRT_CLUSTER, which goes with the script that
# asked for it. KEEP=1 leaves it up.
trap '[[ -n ${KEEP:-} ]] || hack/cli.sh down' EXIT
hack/cli.sh down # What an earlier run may have left.
hack/cli.sh up
