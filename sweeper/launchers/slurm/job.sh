# ------------------------------------------------------------------ the same for every run
say() { echo "$(date +%T) $*"; }

if [ "$python" = "$own_python" ] && [ "$(command -v python)" != "$found_python" ]; then
    python=$(command -v python) # `setup` brought another one
fi
say "job $SLURM_JOB_ID, start $((${SLURM_RESTART_COUNT:-0} + 1)) on $SLURM_JOB_NODELIST, $python"
umask 077
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null # Ray opens many files
# Whatever the shell that ran `sbatch` had to do with Ray is no concern of this job.
for variable in "${!RAY_@}"; do unset "$variable"; done
export RAY_USAGE_STATS_ENABLED=0 RAY_ENABLE_UV_RUN_RUNTIME_ENV=0
export RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO=1 RAY_prestart_worker_first_driver=0

# SLURM's warning, and its word that the job ends, go to the driver, which saves what it has.
driver='' warned='' cancelled='' stopped=''
tell() { [ -z "$driver" ] || kill "-$1" "$driver" 2>/dev/null; } # SIGNAL
trap 'warned=yes; say "SLURM warns that the time is nearly over"; tell USR1' USR1
trap 'cancelled=yes; say "SLURM ends this job"; tell TERM; rm -f "$RAY_AUTH_TOKEN_PATH"' TERM INT

trap 'stopped=$SECONDS cancelled=yes; say "stopped by its user"' USR2 # the driver knows by itself

pause() { sleep "$1" & wait $!; } # SECONDS, in which signals are heard

# The driver ends with 75 where time was short and trials are left.
back_in_line() {
    [ -z "$cancelled" ] || return
    "$python" -m sweeper.launchers.slurm.progress "$run${part:+/parts/$part}" \
        "$run/slurm/progress${part:+-$part}.json" || return
    say "trials are left: this job goes back into the queue"
    scontrol requeue "$SLURM_JOB_ID" && exit 0
    say "it can't; go on with:  sweep resume $run"
}

# ------------------------------------------------------------------ Ray inside this allocation
name=$SLURM_JOB_ID-${SLURM_RESTART_COUNT:-0}
PATIENCE=120
# On each node's own disk, and short, for Ray's sockets lie below it.
export SWEEP_SCRATCH=${SWEEP_SCRATCH:-/tmp}/swp-$UID-$name
if [ ${#SWEEP_SCRATCH} -gt 38 ]; then
    say "SWEEP_SCRATCH: the folder $SWEEP_SCRATCH is longer than 38 characters; name a shorter one"
    exit 2
fi
# Nobody without this file gets in.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$run/slurm/token-$name
# A node that is gone is noticed after some ten seconds.
export RAY_health_check_initial_delay_ms=5000 RAY_health_check_period_ms=2000
export RAY_health_check_timeout_ms=2000 RAY_health_check_failure_threshold=3
export RAY_gcs_rpc_server_reconnect_timeout_s=20 # and a head that is gone
export RAY_raylet_start_wait_time_s=$PATIENCE RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S=0
unset SLURM_CPUS_PER_TASK SRUN_CPUS_PER_TASK # a step then has all that the job has on its node
unset SLURM_EXPORT_ENV # `sbatch --export=NONE` is about the login shell, not about these steps
head=$SLURMD_NODENAME
export python data head name preemptible PATIENCE

# Runs on each node: a folder of its own, the data, and Ray with what the allocation has there.
on_node() { # IP:PORT OPTION...
    local address=$1 new=${SWEEP_SCRATCH%/*}/new-${SWEEP_SCRATCH##*/} old ray='' told=0
    shift
    trap 'told=$((told + 1)); echo "told to end"; end_ray_here $told' TERM INT
    for old in "${SWEEP_SCRATCH%/*}/swp-$UID-"*; do # left by jobs that were killed
        [ -O "$old" ] && [ ! -L "$old" ] && flock --nonblock "$old/lock" rm -rf "$old"
    done
    # Locked before it has its name, so that nobody takes it for a left-over.
    mkdir "$new" && exec 9>"$new/lock" && flock 9 && mv "$new" "$SWEEP_SCRATCH" || return 2
    # Again, where something still wrote there, or a signal to all has ended `rm`.
    trap 'for _ in {1..20}; do rm -rf "$SWEEP_SCRATCH" && break; sleep 0.3; done' EXIT
    if [[ $data == *://* ]]; then
        PYLEARN2_DATA_PATH=$("$python" -m sweeper.launchers.data "$data") || return 2
        export PYLEARN2_DATA_PATH
    fi
    until [ "$1" = --head ] || is_open "$address"; do
        [ $told = 0 ] && [ "$SECONDS" -lt "$PATIENCE" ] || return 3
        sleep 0.3
    done
    [ $told = 0 ] || return 0
    # Ports that are not named are free ones that the system picks.
    SWEEP_RAY=$name ${preemptible:+"$python" -c "$SHIELD"} \
        "$python" -m sweeper.host.patches.bare_ray start "$@" --block --disable-usage-stats \
        --num-cpus="$SLURM_CPUS_ON_NODE" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" \
        --object-store-memory="$(store_bytes)" --min-worker-port=0 --max-worker-port=0 &
    ray=$!
    while kill -0 "$ray" 2>/dev/null; do wait "$ray"; done # a signal cuts a `wait` short
    kill_ray # what it left
    [ $told -gt 0 ] || [ "$1" = --head ] || back_without_head
}

# A queue that takes nodes away tells every process at once, and gives them a while. Ray's do not
# hear it: they go on until the driver has saved what runs, and this script tells them again.
SHIELD='import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.execvp(sys.argv[1], sys.argv[1:])'

end_ray_here() { # HOW OFTEN THIS WAS TOLD
    [ -n "$preemptible" ] && [ "$1" = 1 ] || kill_ray
}

kill_ray() { # there is nothing that Ray would have to save
    local path
    for path in $(grep -lszxF "SWEEP_RAY=$name" /proc/[0-9]*/environ); do
        path=${path#/proc/}
        kill -KILL "${path%/environ}" 2>/dev/null
    done
}

# A job that survives its nodes (--no-kill) is left alone by SLURM where its first one dies too,
# and the script with it. What is left of Ray on another node then puts the job back in line.
back_without_head() {
    echo "Ray ended by itself; is $head down?"
    while sleep 5; do # ended by SLURM with this step, in a job that goes on or is over
        if scontrol --oneliner show node "$head" | grep -q ' State=DOWN'; then
            scontrol requeue "$SLURM_JOB_ID"
            return
        fi
    done
}

is_open() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; } # IP:PORT

# A tenth of the node's memory, from 100 to 500 MiB: a sweep keeps hardly anything in there.
store_bytes() {
    local mib=$((${SLURM_MEM_PER_NODE:-$((${SLURM_MEM_PER_CPU:-0} * SLURM_CPUS_ON_NODE))} / 10))
    echo $(((mib < 100 ? 100 : mib > 500 ? 500 : mib) << 20))
}
export SHIELD
export -f on_node end_ray_here kill_ray back_without_head is_open store_bytes

declare -A step
start() { # NODE OPTION...
    local node=$1
    shift
    srun --overlap --nodes=1 --ntasks=1 --nodelist="$node" --cpu-bind=none --mpi=none \
        bash -c 'on_node "$@"' on_node "$RAY_ADDRESS" "$@" >"$(log_of "$node")" 2>&1 &
    step[$node]=$!
}
log_of() { echo "$run/logs/ray-$name-$1.log"; } # NODE
is_up() { grep -qs "Ray runtime started" "$(log_of "$1")"; } # NODE
lives() { kill -0 "${step[$1]}" 2>/dev/null; } # NODE

start_ray() {
    local ip_port ports node since=$SECONDS
    read -r ip_port ports < <("$python" -m sweeper.launchers.slurm.host "$head")
    export RAY_ADDRESS=$ip_port
    say "Ray's head is on $head at $RAY_ADDRESS $ports"
    # shellcheck disable=SC2086  # ports are options, apart
    start "$head" --head --node-ip-address="${RAY_ADDRESS%:*}" $ports \
        --include-dashboard=false --temp-dir="$SWEEP_SCRATCH/r"
    for node in "${nodes[@]}"; do
        [ "$node" = "$head" ] || start "$node" --address="$RAY_ADDRESS"
    done
    until is_up "$head"; do
        [ -z "$warned$cancelled" ] || return
        lives "$head" && [ $((SECONDS - since)) -lt $PATIENCE ] || return
        pause 0.2
    done
    for node in "${nodes[@]}"; do # one that does not come is done without
        until is_up "$node" || ! lives "$node" || [ $((SECONDS - since)) -ge $PATIENCE ]; do
            [ -z "$warned$cancelled" ] || return
            pause 0.2
        done
        is_up "$node" || { say "no Ray on $node:"; tail -n 20 "$(log_of "$node")"; }
    done
    say "Ray is up on ${#nodes[@]} nodes after $((SECONDS - since)) s"
}

# `scancel` with a signal reaches the steps alone, not this script; `srun` itself would kill.
end_ray() {
    local node since=$SECONDS
    [ ${#step[@]} = 0 ] || scancel --quiet --signal=TERM "$SLURM_JOB_ID"
    if [ -n "$preemptible" ]; then
        pause 1
        scancel --quiet --signal=TERM "$SLURM_JOB_ID"
    fi
    for node in "${!step[@]}"; do
        while lives "$node" && [ $((SECONDS - since)) -lt 15 ]; do pause 0.2; done
        kill "${step[$node]}" 2>/dev/null
        wait "${step[$node]}" 2>/dev/null
    done
    step=()
}

# The last steps when this script ends, however it does.
leave() {
    trap '' USR1 USR2 TERM INT
    end_ray
    rm -f "$RAY_AUTH_TOKEN_PATH"
}
trap leave EXIT

od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$RAY_AUTH_TOKEN_PATH" || exit 2
mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
for attempt in 1 2 3; do
    # Nodes are shared: somebody else may take a port between the look and its use.
    start_ray && break
    [ -z "$warned$cancelled" ] || break
    say "Ray's head did not start, attempt $attempt of 3:"
    tail -n 20 "$(log_of "$head")"
    end_ray
    [ "$attempt" -lt 3 ] || exit 3
done

# ------------------------------------------------------------------ the driver
# A queue that takes the nodes away tells the steps, and not this script.
is_taken() { grep -qs "told to end" "$(log_of "$head")"; }

code=75
if [ -z "$warned$cancelled" ]; then
    "$python" -m sweeper resume "$run" --here "${options[@]}" &
    driver=$!
    while kill -0 $driver 2>/dev/null && lives "$head" && ! is_taken; do
        pause 1
        # For a driver that did not hear the request.
        [ -z "$stopped" ] || [ $((SECONDS - stopped)) -lt 30 ] || { tell TERM; stopped=''; }
    done
    if kill -0 $driver 2>/dev/null; then
        if is_taken; then say "SLURM takes the nodes away"; else say "Ray's head is gone"; fi
        tail -n 5 "$(log_of "$head")"
        tell USR1
        since=$SECONDS
        while kill -0 $driver 2>/dev/null; do
            # Without Ray there is nothing that it could save.
            lives "$head" || [ $((SECONDS - since)) -lt 20 ] || tell KILL
            pause 1
        done
    fi
    wait $driver
    code=$?
    if [ $code != 0 ] && is_taken; then code=75; fi
fi
say "the driver ended with $code"
leave
[ $code != 75 ] || back_in_line
exit $code
