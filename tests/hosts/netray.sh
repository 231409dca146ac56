#!/usr/bin/env bash
# Real separate hosts for Ray, made of network, mount, hostname and pid namespaces (needs root):
#   netray.sh up N | node I [ray start arguments] | exec I command... | cut I | heal I | kill I | down
# S: scratch folder.  P: prefix of the interfaces' names, at most 6 characters.  NET: three numbers of
# an address.  BIN: folder of the programs `ray` and `python`.
# The hosts share this machine's disk, as they would share a network file system; /tmp/ray, the place
# for temporary files, and /dev/shm are each host's own.
set -euo pipefail
S=${S:?scratch folder} P=${P:-nr} NET=${NET:-10.78.0} BIN=${BIN:?folder of ray}
in_() {
    nsenter --target "$(cat "$S/n$1.init")" --net --mount --uts --pid --wd="$PWD" \
        env HOSTNAME="h$1" "${@:2}"
}
case $1 in
up)
    mkdir -p "$S" /tmp/ray
    ip link add "br$P" type bridge
    ip addr replace "$NET.1/24" dev "br$P"
    ip link set "br$P" up
    { echo 127.0.0.1 localhost; for ((i = 0; i < $2; i++)); do echo "$NET.$((10 + i)) h$i"; done; } >"$S/hosts"
    { grep -v ^hosts: /etc/nsswitch.conf || true; echo hosts: files; } >"$S/nss"
    chmod 644 "$S/hosts" "$S/nss"
    for ((i = 0; i < $2; i++)); do
        ip netns add "$P$i"
        ip link add "$P-v$i" type veth peer name eth0 netns "$P$i"
        ip link set "$P-v$i" master "br$P" up
        ip -n "$P$i" addr add "$NET.$((10 + i))/24" dev eth0
        ip -n "$P$i" link set lo up
        ip -n "$P$i" link set eth0 up
        ip -n "$P$i" route add default via "$NET.1"
        mkdir -p "$S/ray$i"
        setsid nsenter --net="/run/netns/$P$i" \
            unshare -m -u -p -f --kill-child=KILL --mount-proc --propagation private bash -c '
                hostname $1
                mount --bind $2/hosts /etc/hosts
                mount --bind $2/nss /etc/nsswitch.conf
                mount --bind $2/ray$3 /tmp/ray
                mount -t tmpfs -o size=1g tmpfs /dev/shm
                touch $2/n$3.ready
                while :; do sleep 1000 & wait; done' init "h$i" "$S" "$i" \
            </dev/null >"$S/n$i.log" 2>&1 &
        echo $! >"$S/n$i.pid"
    done
    for ((i = 0; i < $2; i++)); do
        until [ -e "$S/n$i.ready" ]; do sleep .05; done
        pid=$(cat "$S/n$i.pid")
        tr -d ' ' <"/proc/$pid/task/$pid/children" >"$S/n$i.init"
    done ;;
node)
    i=$2
    shift 2
    in_ "$i" "$BIN/ray" start --node-ip-address="$NET.$((10 + i))" --disable-usage-stats "$@" \
        >"$S/ray$i.log" 2>&1 ;;
exec)
    i=$2
    shift 2
    in_ "$i" "$@" ;;
cut) ip link set "$P-v$2" down ;;
heal) ip link set "$P-v$2" up ;;
kill) # a power cut: nobody hears a last word, so the link goes first
    ip link set "$P-v$2" down
    kill -KILL "$(cat "$S/n$2.pid")" ;;
down)
    for f in "$S"/n*.pid; do
        if [ -e "$f" ]; then kill -KILL "$(cat "$f")" 2>/dev/null || true; fi
    done
    sleep .3
    for l in $(ip -br link show type veth | grep -o "^$P-v[0-9]*"); do ip link del "$l"; done
    for n in $(ip netns list | awk '{print $1}' | grep "^$P[0-9]"); do ip netns del "$n"; done
    ip link del "br$P" 2>/dev/null || true ;;
esac
