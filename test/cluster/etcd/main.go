// Command etcd is the database of the test cluster: etcd's own server, built
// from its module (its own command cannot be installed by version, because
// its go.mod carries replace directives).
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
