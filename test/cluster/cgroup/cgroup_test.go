package cgroup

import "testing"

func TestParseMountinfo(t *testing.T) {
	for name, test := range map[string]struct {
		mountinfo string
		want      []Hierarchy
	}{
		"v1 beside an empty v2": {
			`30 20 0:25 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 30 0:27 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
33 30 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
34 20 0:26 / /somewhere/else rw,relatime - cgroup cgroup rw,cpu,cpuacct
`,
			[]Hierarchy{
				{Mount: "/sys/fs/cgroup/cpu,cpuacct", Options: "cpu,cpuacct"},
				{Mount: "/sys/fs/cgroup/systemd", Options: "none,name=systemd"},
				{Mount: "/sys/fs/cgroup/unified", V2: true},
			},
		},
		"v2 alone": {
			"30 20 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n",
			[]Hierarchy{{Mount: "/sys/fs/cgroup", V2: true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := parseMountinfo(test.mountinfo)
			if len(got) != len(test.want) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("got %v, want %v", got[i], test.want[i])
				}
			}
		})
	}
}
