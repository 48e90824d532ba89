package upstream

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// tools are the programs and files the cluster needs from the machine, with
// the Debian package that has each.
var tools = []struct{ path, pkg string }{
	{"/usr/sbin/nft", "nftables"},
	{"/usr/sbin/ip", "iproute2"},
	{"/usr/bin/nsenter", "util-linux"},
	{"/usr/sbin/losetup", "mount"},
	{"/usr/sbin/iptables", "iptables"},
	{"/usr/sbin/ipset", "ipset"},
	{"/usr/sbin/mkfs.ext4", "e2fsprogs"},
	{"/usr/sbin/tgtd", "tgt"},
	{"/usr/bin/qemu-storage-daemon", "qemu-utils"},
	{"/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so", "qemu-block-extra"},
	{"/usr/bin/gcc", "gcc"},
	{"/usr/bin/pkg-config", "pkg-config"},
	{"/usr/include/seccomp.h", "libseccomp-dev"},
	{"/usr/lib/x86_64-linux-gnu/libc.a", "libc6-dev"},
}

// Packages installs what the machine lacks, where apt can.
func Packages(ctx context.Context, out io.Writer) error {
	var missing []string
	for _, t := range tools {
		if !present(t.path) {
			missing = append(missing, t.pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("please install (by their Debian names): %s", strings.Join(missing, " "))
	}
	fmt.Fprintln(out, "installing", strings.Join(missing, " "))
	install := []string{"install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"}
	if err := apt(ctx, append(install, missing...)...); err == nil {
		return nil
	}
	// The lists may be missing or old.
	if err := apt(ctx, "update", "-qq"); err != nil {
		return err
	}
	return apt(ctx, append(install, missing...)...)
}

// present looks where /usr and / are one and where they are not.
func present(path string) bool {
	for _, p := range []string{path, strings.TrimPrefix(path, "/usr")} {
		if _, err := os.Stat(p); err == nil {
			return true
		}
	}
	return false
}

func apt(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
