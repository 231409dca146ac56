#!/usr/bin/env bash
# Start (or restart after node_kill) slurmd number I.  node.sh SCRATCH I MODE SUBNET PORT PRIVATE_TMP
set -euo pipefail
S=$1 I=$2 MODE=$3 SUBNET=$4 PORT=$5 PT=$6
N=node$I; export SLURM_CONF=$S/etc/slurm.conf PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$S/spool/$N"
if [ "$MODE" = multi ]; then
    slurmd -f "$SLURM_CONF" -N "$N" >"$S/log/slurmd-$N.out" 2>&1
    exit
fi
NS=sw$PORT-$N BR=$(cat "$S/run/bridge") V=v$PORT-$I
ip netns list | grep -qw "$NS" || ip netns add "$NS"
if ! ip link show "$V" >/dev/null 2>&1; then
    ip link add "$V" type veth peer name eth0 netns "$NS"
    ip link set "$V" master "$BR" up
    ip -n "$NS" addr add "$SUBNET.$((10+I))/24" dev eth0
    ip -n "$NS" link set lo up; ip -n "$NS" link set eth0 up
    ip -n "$NS" route add default via "$SUBNET.1"      # lets UDP-connect address detection work
fi
mkdir -p "$S/node/$N/tmp"; chmod 1777 "$S/node/$N/tmp"
export HIDE=${HIDE:-} KEEP=${KEEP:-}
# PID 1 of the "machine" is a bash that reaps; kill -9 of it = power cut of the node.
setsid nsenter --net="/run/netns/$NS" unshare --mount --uts --pid --fork --kill-child=KILL --mount-proc --propagation private \
    bash -c '
    hostname "$1"; mount --bind "$2/etc/hosts" /etc/hosts; mount --bind "$2/etc/nsswitch.conf" /etc/nsswitch.conf
    if [ "$3" = 1 ]; then
        for path in $KEEP; do mkdir -p "$2/node/$1$path"; mount --rbind "$path" "$2/node/$1$path"; done
        for path in /tmp $HIDE; do mkdir -p "$2/node/$1$path"; mount --rbind "$2/node/$1$path" "$path"; done
        mount -t tmpfs -o size=1g tmpfs /dev/shm
    fi
    slurmd -f "$SLURM_CONF" -N "$1" -D &
    while :; do wait -n || true; kill -0 $! 2>/dev/null || exit 1; sleep 0.2; done
    ' init "$N" "$S" "$PT" </dev/null >"$S/log/slurmd-$N.out" 2>&1 &
echo $! >"$S/run/ns-$N.pid"
