"""The names of our own environment variables, and what each of them says."""

from __future__ import annotations

# ------------------------------------------------------------------ of a sweep
# To a driver, by what placed it.
PLACED = "SWEEP_PLACED"  # "1": it runs where a launcher put it, its run is watched from elsewhere
RESULTS = "SWEEP_RESULTS"  # URL of the folder that outlives the workers' disks
AUTOSCALING = "SWEEP_AUTOSCALING"  # "1": the cluster starts nodes for actors that wait for one
SCRATCH = "SWEEP_SCRATCH"  # folder for temporary files on each node
CHECK = "SWEEP_CHECK"  # "1": the scheduler's state is checked after each step, to find its faults

# For tests: GPUs are numbers that nothing stands behind, only the pinning is checked.
LOGICAL_GPUS = "SWEEP_LOGICAL_GPUS"  # "1": so it is
NUM_GPUS = "SWEEP_NUM_GPUS"  # how many there are

# ------------------------------------------------------------------ of Pylearn2
DATA_PATH = "PYLEARN2_DATA_PATH"  # the folder of its datasets
SHARED_DATA = "PYLEARN2_SHARED_DATA"  # the folder where workers of a host share what they loaded
# Where an experiment's files go, for its YAML text.
TRAIN_DIR = "PYLEARN2_TRAIN_DIR"
TRAIN_BASE_NAME = "PYLEARN2_TRAIN_BASE_NAME"
TRAIN_FILE_STEM = "PYLEARN2_TRAIN_FILE_STEM"
TRAIN_FILE_FULL_STEM = "PYLEARN2_TRAIN_FILE_FULL_STEM"
