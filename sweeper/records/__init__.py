"""The data that passes between the layers: records and nothing else, frozen but for `Row`.

Down go trials, up come events. All of it is plain data that pickles small.
Times are seconds since the Unix epoch, durations are seconds.
"""

from sweeper.records.commands import (
    Command,
    EndSweep,
    Extend,
    InterruptTrial,
    InterruptWorker,
    Lease,
    LeasedTrial,
    StartWorker,
)
from sweeper.records.ending import Ending, EndKind, Outcome
from sweeper.records.events import (
    AtRung,
    Began,
    Built,
    Cancel,
    Device,
    Drain,
    Ended,
    Event,
    LeaseOver,
    Mate,
    NewTrial,
    Proposed,
    Row,
    WorkerDown,
    WorkerUp,
)
from sweeper.records.kept import (
    AttemptEnded,
    AttemptRecord,
    AttemptStarted,
    Change,
    SweepRecord,
    SweepState,
    TrialChanged,
    TrialRecord,
)
from sweeper.records.past import History, PastTrial
from sweeper.records.placed import Placed
from sweeper.records.plain import Value, pickles_fast, replace
from sweeper.records.plan import (
    Checkpointing,
    ExperimentText,
    Objective,
    Resources,
    RunnerSetup,
    SweepSpec,
    Trial,
    TrialTask,
)
from sweeper.records.states import AttemptState, TrialState
from sweeper.records.stopping import AloneRule, Halving, Plateau, Stop, Stopping, Threshold

__all__ = [
    "AloneRule",
    "AtRung",
    "AttemptEnded",
    "AttemptRecord",
    "AttemptStarted",
    "AttemptState",
    "Began",
    "Built",
    "Cancel",
    "Change",
    "Checkpointing",
    "Command",
    "Device",
    "Drain",
    "EndKind",
    "EndSweep",
    "Ended",
    "Ending",
    "Event",
    "ExperimentText",
    "Extend",
    "Halving",
    "History",
    "InterruptTrial",
    "InterruptWorker",
    "Lease",
    "LeaseOver",
    "LeasedTrial",
    "Mate",
    "NewTrial",
    "Objective",
    "Outcome",
    "PastTrial",
    "Placed",
    "Plateau",
    "Proposed",
    "Resources",
    "Row",
    "RunnerSetup",
    "StartWorker",
    "Stop",
    "Stopping",
    "SweepRecord",
    "SweepSpec",
    "SweepState",
    "Threshold",
    "Trial",
    "TrialChanged",
    "TrialRecord",
    "TrialState",
    "TrialTask",
    "Value",
    "WorkerDown",
    "WorkerUp",
    "pickles_fast",
    "replace",
]
