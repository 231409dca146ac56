#!/usr/bin/env bash
# Bring up a private, real SLURM cluster on one machine.   (idempotent)
#   up.sh SCRATCH        SCRATCH: a short path that every node can read
# Knobs (environment):
#   MODE=multi|netns   multi: n slurmds on this host, works without root;
#                      netns: every slurmd in its own net+pid+uts+mount namespace (needs root)
#   NODES=4  CPUS=2  MEM=2000  GPUS=4 (per node, fake)  PORT=17000 (ctl=PORT+0, node i=PORT+i in multi)
#   SUBNET=10.77.0     bridge network of netns mode
#   PRIVATE_TMP=1      netns: own /tmp and /dev/shm per node
#   SMALL=0            1: the last node has half of the cores and of the GPUs
#   HIDE= KEEP=        netns: more folders that a node has of its own, apart from what lies at these paths
# Prints `export SLURM_CONF=...` lines; source $SCRATCH/env afterwards.
set -euo pipefail
S=${1:?usage: $0 SCRATCH}
MODE=${MODE:-multi} NODES=${NODES:-4} CPUS=${CPUS:-4} MEM=${MEM:-4000} GPUS=${GPUS:-4}
PORT=${PORT:-17000} SUBNET=${SUBNET:-10.77.0} PRIVATE_TMP=${PRIVATE_TMP:-1} SMALL=${SMALL:-0} TIMEOUT=${TIMEOUT:-30}
export PATH=$PATH:/usr/sbin:/sbin
HERE=$(cd "$(dirname "$0")" && pwd)
ME=$(id -un) HOST=$(hostname -s)
alive() { [ -s "$1" ] && grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$(cat "$1")/status" 2>/dev/null; }   # a zombie is dead

if [ -s "$S/env" ] && alive "$S/run/slurmctld.pid"; then
    # shellcheck disable=SC1091
    . "$S/env"; [ "$(sinfo -h -N -t idle,mix,alloc -o %N 2>/dev/null | wc -l)" -ge "$NODES" ] && { cat "$S/env"; exit 0; }
fi
[ -e "$S/run" ] && "$HERE/down.sh" "$S"
mkdir -p "$S"/{etc,run,log,state,spool,gpu,jobs}
chmod 755 "$S"

# --- munge: own key, own socket -------------------------------------------------
[ -s "$S/etc/munge.key" ] || (umask 077; head -c 1024 /dev/urandom >"$S/etc/munge.key")
munged --force --key-file="$S/etc/munge.key" --socket="$S/run/munge.sock" --pid-file="$S/run/munged.pid" \
       --log-file="$S/log/munged.log" --seed-file="$S/run/munge.seed" --num-threads=2 2>"$S/log/munged.err"

# --- configuration ----------------------------------------------------------------
cp /dev/null "$S/etc/gres.conf"; echo CgroupPlugin=cgroup/v1 >"$S/etc/cgroup.conf"
if [ "$GPUS" -gt 0 ]; then
    # gres/gpu sets CUDA_VISIBLE_DEVICES only with File=, and insists on character devices;
    # the device number is the digits at the end of the name.
    F="$S/gpu/nvidia[0-$((GPUS-1))]"
    for ((g=0; g<GPUS; g++)); do mknod "$S/gpu/nvidia$g" c 1 3 2>/dev/null || F=""; done
    if [ -z "$F" ]; then            # no CAP_MKNOD: borrow consoles, whose numbers start at 0
        F="/dev/tty[0-$((GPUS-1))]"; [ -c "/dev/tty$((GPUS-1))" ] || F=""
    fi
    if [ -n "$F" ]; then SPEC="File=$F"; else SPEC="Count=$GPUS"; fi
    printf 'AutoDetect=off\nNodeName=node[1-%s] Name=gpu Type=fake %s\n' "$((NODES-SMALL))" "$SPEC" >"$S/etc/gres.conf"
    GRES="Gres=gpu:fake:$GPUS"
    if [ "$SMALL" = 1 ]; then
        echo "NodeName=node$NODES Name=gpu Type=fake ${SPEC/-$((GPUS-1))]/-$((GPUS/2-1))]}" >>"$S/etc/gres.conf"
    fi
else GRES=""; fi
if [ "$MODE" = netns ]; then CTL_IP=$SUBNET.1; else CTL_IP=127.0.0.1; fi
{
cat <<CONF
ClusterName=sw
SlurmctldHost=$HOST($CTL_IP)
SlurmctldPort=$PORT
AuthType=auth/munge
AuthInfo=socket=$S/run/munge.sock,cred_expire=5
CredType=cred/munge
SlurmUser=$ME
SlurmdUser=$ME
StateSaveLocation=$S/state
SlurmdSpoolDir=$S/spool/%n
SlurmctldPidFile=$S/run/slurmctld.pid
SlurmdPidFile=$S/run/slurmd-%n.pid
SlurmctldLogFile=$S/log/slurmctld.log
SlurmdLogFile=$S/log/slurmd-%n.log
SlurmctldDebug=info
SlurmdDebug=info
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_min_interval=100000,batch_sched_delay=0,requeue_setup_env_fail
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
GresTypes=gpu
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$S/log/jobcomp.txt
JobAcctGatherType=jobacct_gather/none
JobRequeue=1
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=${SLURMD_TIMEOUT:-10}
InactiveLimit=0
MinJobAge=3600
KillWait=20
BatchStartTimeout=10
CompleteWait=0
OverTimeLimit=0
MaxArraySize=1001
SlurmdParameters=config_overrides
LaunchParameters=enable_nss_slurm
PropagateResourceLimits=NONE
TmpFS=$S/spool
CONF
for ((i=1; i<=NODES; i++)); do
    if [ "$SMALL" = 1 ] && [ "$i" = "$NODES" ]; then CPUS=$((CPUS/2)) GRES=${GRES/:$GPUS/:$((GPUS/2))}; fi
    if [ "$MODE" = netns ]; then
        echo "NodeName=node$i NodeAddr=$SUBNET.$((10+i)) Port=$((PORT+1)) Sockets=1 CoresPerSocket=$CPUS ThreadsPerCore=1 RealMemory=$MEM $GRES"
    else
        echo "NodeName=node$i NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((PORT+i)) Sockets=1 CoresPerSocket=$CPUS ThreadsPerCore=1 RealMemory=$MEM $GRES"
    fi
done
cat <<CONF
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 State=UP PriorityTier=10 PreemptMode=off
PartitionName=scavenge Nodes=ALL MaxTime=INFINITE DefaultTime=60 State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=${GRACE:-5}
CONF
} >"$S/etc/slurm.conf.new"
sed -i '/^LaunchParameters/d' "$S/etc/slurm.conf.new"
mv "$S/etc/slurm.conf.new" "$S/etc/slurm.conf"
cat >"$S/env" <<ENV
export SLURM_CONF=$S/etc/slurm.conf
export MUNGE_SOCKET=$S/run/munge.sock
export SW_SLURM=$S
ENV
export SLURM_CONF=$S/etc/slurm.conf

# --- network of netns mode -----------------------------------------------------------
if [ "$MODE" = netns ]; then
    BR=swbr${PORT}
    ip link show "$BR" >/dev/null 2>&1 || ip link add "$BR" type bridge
    ip addr replace "$SUBNET.1/24" dev "$BR"; ip link set "$BR" up
    echo "$BR" >"$S/run/bridge"
    { echo "127.0.0.1 localhost"; echo "$SUBNET.1 $HOST"
      for ((i=1; i<=NODES; i++)); do echo "$SUBNET.$((10+i)) node$i"; done; } >"$S/etc/hosts"
    echo 'hosts: files' | cat <(grep -v '^hosts:' /etc/nsswitch.conf 2>/dev/null) - >"$S/etc/nsswitch.conf"   # no DNS inside: lookups would hang
    chmod 644 "$S/etc/hosts" "$S/etc/nsswitch.conf"
fi

slurmctld -f "$SLURM_CONF" >"$S/log/slurmctld.out" 2>&1
for ((i=1; i<=NODES; i++)); do "$HERE/node.sh" "$S" "$i" "$MODE" "$SUBNET" "$PORT" "$PRIVATE_TMP"; done

t0=$SECONDS
until [ "$(sinfo -h -N -p main -t idle -o %N 2>/dev/null | sort -u | wc -l)" -ge "$NODES" ]; do
    [ $((SECONDS-t0)) -gt "$TIMEOUT" ] && { echo "cluster did not come up; see $S/log" >&2; sinfo -N >&2; tail -n 5 "$S"/log/slurmctld.log "$S"/log/slurmd-*.log >&2; exit 1; }
    sleep 0.1
done
cat "$S/env"
