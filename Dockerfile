# Every image of this project, one target each:
#
#   kubevirt       the control plane: one static program
#   virt-launcher  libvirt, QEMU and the launcher, one per virtual machine
#   virtctl        the command line
#   guest-tiny     container disk: kernel and busybox
#   guest-debian   container disk: Debian with cloud-init and the guest agent
#
# The programs are built beforehand (make build) and lie in _out/bin. hack/images.sh
# builds all of it without a registry and keeps the slow stages; with docker or
# podman, "docker build --target NAME ." does the same.

# What the slow stages start from.
ARG DEBIAN_IMAGE=debian:trixie-slim
# The slow stages themselves, to be replaced by images of them built earlier.
ARG LAUNCHER_BASE=launcher-base
ARG GUEST_TINY_DISK=guest-tiny-disk
ARG GUEST_DEBIAN_DISK=guest-debian-disk

FROM scratch AS kubevirt
COPY --chmod=0755 _out/bin/kubevirt /usr/bin/kubevirt
USER 1001:1001
ENTRYPOINT ["/usr/bin/kubevirt"]

FROM scratch AS virtctl
COPY --chmod=0755 _out/bin/virtctl /usr/bin/virtctl
USER 1001:1001
ENTRYPOINT ["/usr/bin/virtctl"]

# The launcher's root: chosen files from Debian's packages and what they are linked with.
FROM ${DEBIAN_IMAGE} AS launcher-closure
COPY images/launcher/closure.sh images/launcher/packages images/launcher/files /build/
RUN /build/closure.sh /build/packages /build/files /out

FROM scratch AS launcher-root
COPY --from=launcher-closure /out /
COPY images/launcher/etc /etc

FROM launcher-root AS launcher-probe
COPY images/launcher/probe.sh /build/probe.sh
USER 107:107
RUN /build/probe.sh /run/kubevirt/qemu-capabilities.xml

FROM launcher-root AS launcher-base
COPY --from=launcher-probe --chmod=0444 --chown=0:0 /run/kubevirt/qemu-capabilities.xml /usr/share/kubevirt/qemu-capabilities.xml

FROM ${LAUNCHER_BASE} AS virt-launcher
COPY --chmod=0755 _out/bin/container-disk /usr/bin/container-disk
COPY --chmod=0755 _out/bin/virt-launcher /usr/bin/virt-launcher
USER 107:107
ENTRYPOINT ["/usr/bin/virt-launcher"]

# Guests. A container disk is one file below /disk that the launcher's user may read.
FROM ${DEBIAN_IMAGE} AS guest-tools
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	cpio zstd xz-utils kmod fdisk dosfstools mtools e2fsprogs syslinux qemu-utils >/dev/null
COPY images/guest /guest

FROM guest-tools AS guest-tiny-build
COPY images/guest-tiny /build
RUN /build/build.sh /guest/bootdisk.sh /build /tiny.qcow2

FROM scratch AS guest-tiny-disk
COPY --from=guest-tiny-build --chown=107:107 --chmod=0440 /tiny.qcow2 /disk/tiny.qcow2
# For machines that boot a kernel from outside their disks.
COPY --from=guest-tiny-build --chown=107:107 --chmod=0440 /vmlinuz /boot/vmlinuz
COPY --from=guest-tiny-build --chmod=0444 /initrd /boot/initrd

FROM ${GUEST_TINY_DISK} AS guest-tiny
USER 107:107

# The Debian guest's root file system is a container's, until it gets its own disk.
FROM ${DEBIAN_IMAGE} AS guest-debian-root
COPY images/guest-debian/packages /tmp/packages
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -qq --no-install-recommends $(cat /tmp/packages) >/dev/null

FROM guest-tools AS guest-debian-build
COPY --from=guest-debian-root / /rootfs
COPY images/guest-debian /build
RUN /build/build.sh /guest/bootdisk.sh /build /rootfs /debian.qcow2

FROM scratch AS guest-debian-disk
COPY --from=guest-debian-build --chown=107:107 --chmod=0440 /debian.qcow2 /disk/debian.qcow2

FROM ${GUEST_DEBIAN_DISK} AS guest-debian
USER 107:107
