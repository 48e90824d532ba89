#!/bin/sh
# User data of the guests that are compared: each measures its throughput when asked
# over HTTP, and answers with a number of bytes and the times before and after them.

device() { # device SERIAL: the disk with this serial number
	for path in /sys/block/vd*; do
		[ "$(cat "$path/serial")" != "$1" ] || echo "/dev/${path##*/}"
	done
}

network=$(device network)
if [ -n "$network" ]; then
	# The plain QEMU's guest has nobody who tells it its address.
	killall udhcpc udhcpc6
	read -r address gateway <"$network"
	ip -4 address flush dev eth0
	ip address add "$address" dev eth0
	ip route add default via "$gateway"
fi

dd if=/dev/zero of=/www/zeros bs=1M count=0 seek=64
cat >/www/cgi-bin/measure <<EOF
#!/bin/sh
read -r began rest </proc/uptime
case \$QUERY_STRING in
read) dd if=$(device data) of=/dev/null bs=1M count=128 iflag=direct && bytes=134217728 ;;
write) dd if=/dev/zero of=$(device data) bs=1M count=128 oflag=direct && bytes=134217728 ;;
from=*) wget -q -O /dev/null "http://\${QUERY_STRING#from=}" && bytes=67108864 ;;
esac
read -r ended rest </proc/uptime
printf 'Content-Type: text/plain\r\n\r\n%s\n' "\$bytes \$began \$ended"
EOF
chmod 0755 /www/cgi-bin/measure
