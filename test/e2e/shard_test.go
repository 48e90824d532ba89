//go:build e2e

package e2e

import (
	"fmt"
	"hash/fnv"
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Specs are divided by their names, so that a shard stays the same when others
// are added.
var _ = BeforeEach(func() {
	shard := os.Getenv("E2E_SHARD")
	if shard == "" {
		return
	}
	mine, err := inShard(CurrentSpecReport().FullText(), shard)
	Expect(err).NotTo(HaveOccurred())
	if !mine {
		Skip("belongs to another shard")
	}
})

// inShard tells whether a spec belongs to shard "i/n", 1 <= i <= n.
func inShard(name, shard string) (bool, error) {
	var i, n uint32
	if _, err := fmt.Sscanf(shard, "%d/%d", &i, &n); err != nil || i < 1 || i > n {
		return false, fmt.Errorf("shard %q: want i/n with i from 1 to n", shard)
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	return hash.Sum32()%n == i-1, nil
}

func TestInShard(t *testing.T) {
	for _, bad := range []string{"0/2", "3/2", "x", "1"} {
		if _, err := inShard("a", bad); err == nil {
			t.Errorf("shard %q was accepted", bad)
		}
	}
	for _, name := range []string{"a", "b", "c"} {
		times := 0
		for _, shard := range []string{"1/3", "2/3", "3/3"} {
			mine, err := inShard(name, shard)
			if err != nil {
				t.Fatal(err)
			}
			if mine {
				times++
			}
		}
		if times != 1 {
			t.Errorf("%q runs in %d shards, want 1", name, times)
		}
	}
}
