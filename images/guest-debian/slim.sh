#!/bin/sh
# Takes from an installed Debian what a guest under emulation need not carry or do
# at boot, and sets what only a finished system has.
#
# usage: slim.sh ROOTFS
set -eu
source=$(cd "$(dirname "$0")" && pwd)
cd "$1"
rm -rf usr/share/doc usr/share/man usr/share/info usr/share/locale usr/share/lintian usr/share/bash-completion \
	var/lib/apt/lists var/cache/apt var/cache/debconf var/log/apt var/log/dpkg.log tmp build .dockerenv \
	boot vmlinuz* initrd* etc/ssh/ssh_host_*
mkdir -p boot var/lib/apt/lists var/cache/apt/archives/partial
mkdir -m 1777 tmp

: >etc/machine-id
echo debian >etc/hostname
printf '127.0.0.1 localhost\n::1 localhost\n' >etc/hosts
: >etc/fstab
ln -sf ../run/resolv.conf etc/resolv.conf
sed -i 's/^root:[^:]*:/root::/' etc/shadow

# Validating the user's data against a schema takes an emulated processor seconds;
# cloud-init does without when the library is missing.
rm -rf usr/lib/python3/dist-packages/jsonschema usr/lib/python3/dist-packages/jsonschema-* \
	usr/lib/python3/dist-packages/jsonschema_specifications* usr/lib/python3/dist-packages/referencing* \
	usr/lib/python3/dist-packages/rpds*

# Generators run one after another before anything else; these would find nothing.
mkdir -p etc/systemd/system-generators
for name in usr/lib/systemd/system-generators/*; do
	ln -sf /dev/null "etc/systemd/system-generators/${name##*/}"
done
# What the masked ones would have said: cloud-init always runs, a login waits on both consoles.
link() { # link WANTED-BY UNIT [NAME]
	mkdir -p "etc/systemd/system/$1.wants"
	ln -sf "/usr/lib/systemd/system/$2" "etc/systemd/system/$1.wants/${3:-$2}"
}
link multi-user.target cloud-init.target
link getty.target serial-getty@.service serial-getty@ttyS0.service
link multi-user.target systemd-networkd.service
for unit in acpid.service httpd.service; do
	ln -sf "/etc/systemd/system/$unit" "etc/systemd/system/multi-user.target.wants/$unit"
done
mkdir -p etc/systemd/system/systemd-networkd.service.wants
ln -sf /etc/systemd/system/resolvconf.path etc/systemd/system/systemd-networkd.service.wants/resolvconf.path
ln -sf /usr/lib/systemd/system/multi-user.target etc/systemd/system/default.target

# D-Bus starts when somebody asks for it.
rm -f usr/lib/systemd/system/multi-user.target.wants/dbus.service

# Of the files and directories made at every boot, those this guest has a use for.
mkdir -p etc/tmpfiles.d
for conf in usr/lib/tmpfiles.d/*; do
	case ${conf##*/} in
	debian.conf | openssh-*.conf | passwd.conf | sudo.conf | systemd.conf | systemd-network.conf | \
		systemd-nologin.conf | var.conf) ;;
	*) ln -sf /dev/null "etc/tmpfiles.d/${conf##*/}" ;;
	esac
done

# udev: the RAM disk has loaded the drivers, and most rules only add facts about
# hardware that an emulated machine does not have.
mkdir -p etc/udev/rules.d
for rules in usr/lib/udev/rules.d/*; do
	case ${rules##*/} in
	50-udev-default.rules | 60-block.rules | 60-persistent-storage.rules | 80-net-setup-link.rules | 99-systemd.rules) ;;
	*qemu-guest-agent* | *cloud-init*) ;;
	*) ln -sf /dev/null "etc/udev/rules.d/${rules##*/}" ;;
	esac
done

# Units that would find nothing to do, or whose work lasts no longer than the guest.
while read -r unit; do
	ln -sf /dev/null "etc/systemd/system/$unit"
done <"$source/masked-units"
