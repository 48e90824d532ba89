#!/bin/sh
# A guest as a person would start it by hand in a container: QEMU, a tap device on
# a bridge with the container's interface, and raw images. CPU and ACCELERATOR are
# what libvirt tells QEMU for the guest it is compared with.
set -eu
run=/var/run/kubevirt

address=$(ip -4 -o address show dev eth0 | awk '{print $4}')
gateway=$(ip -4 route | awk '$1 == "default" {print $3}')
mac=$(cat /sys/class/net/eth0/address)
echo "$address $gateway" >$run/network.img
truncate -s 1M $run/network.img
brctl addbr br0
ip link set eth0 down
ip address flush dev eth0
ip link set eth0 address 02:00:00:00:00:fe
brctl addif br0 eth0
ip link set eth0 up
ip link set br0 up
cat >$run/up <<'EOF'
#!/bin/sh
ip link set "$1" up
brctl addif br0 "$1"
EOF
chmod 0755 $run/up

qemu-img create -q -f qcow2 -F qcow2 -b /guest/disk/tiny.qcow2 $run/root.qcow2
truncate -s 192M /claim/disk.img

disk() { # disk NAME OPTIONS DEVICE-OPTIONS: one disk on the virtio bus
	echo "-blockdev $2,node-name=$1 -device virtio-blk-pci-non-transitional,drive=$1,serial=$1,$3"
}
# shellcheck disable=SC2046 # the disks are words
exec qemu-system-x86_64 -machine q35 -accel "$ACCELERATOR" -cpu "$CPU" -m 256 -smp 1 -nodefaults -display none -serial stdio \
	-device pcie-root-port,id=p1,chassis=1 -device pcie-root-port,id=p2,chassis=2 -device pcie-root-port,id=p3,chassis=3 \
	-device pcie-root-port,id=p4,chassis=4 -device pcie-root-port,id=p5,chassis=5 \
	-netdev tap,id=net,script=$run/up,downscript=no,vhost=off \
	-device virtio-net-pci-non-transitional,netdev=net,mac="$mac",bus=p1,romfile= \
	$(disk root driver=qcow2,file.driver=file,file.filename=$run/root.qcow2 bus=p2,bootindex=1) \
	$(disk seed driver=raw,read-only=on,file.driver=file,file.filename=/seed/seed.iso bus=p3) \
	$(disk data driver=raw,file.driver=file,file.filename=/claim/disk.img,file.cache.direct=on,file.aio=native bus=p4,write-cache=on) \
	$(disk network driver=raw,read-only=on,file.driver=file,file.filename=$run/network.img bus=p5)
