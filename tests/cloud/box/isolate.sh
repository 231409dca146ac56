#!/bin/bash
# isolate.sh COMMAND...: in a throw-away pid, network and mount namespace. What happens to Ray in it
# reaches no process outside, and everything in it ends with it. Needs root.
mkdir -p /tmp/ray
exec unshare --net --pid --fork --kill-child=KILL --mount-proc --mount --uts --propagation private \
    bash -c 'ip link set lo up; mount -t tmpfs tmpfs /tmp/ray; mount -t tmpfs -o size=1g tmpfs /dev/shm; exec "$@"' isolated "$@"
