"""How many trials run as the slots of one program: a model of what packing them gains.

Pure: it follows from the work of one batch, the kind of processor and the number of like trials in
the sweep, never from the moment. So a trial has the same width, and the same numbers, in whatever
order trials are leased and after a resume. docs/adr/0009 has the measurements behind the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

# ------------------------------------------------------------------ on a CPU
# A pack spares a trial most of the 4 microseconds that a small step costs beyond its arithmetic;
# above so many bytes a batch the spared part is lost in the rest, and slots push one another out
# of the core's own cache.
_LARGEST_BYTES = 1.5e6
# Where a batch's rows are this share of all that a step moves, its products are thin, and slots
# with the same batches make one wide product of them.
_THIN_SHARE = 0.2
# Slots share equal batches from this share on, where a step is no tiny one: what sharing costs is
# the last bits, which may depend on the pack-mates then.
_SHARED_SHARE = 0.04
_SMALLEST_SHARED = 5e5
_WIDTH = 8
_SMALLEST_WIDTH = 4  # below it, a program of its own does not pay

# ------------------------------------------------------------------ on a GPU
# A step's launches take so long, whatever runs in them: about 25 kernels of 4 microseconds.
_LAUNCHES_S = 1e-4
# What one reaches on the small products and arrays of a pack; a fifth of a data-centre GPU's best.
_OPERATIONS_PER_S = 1e13
_BYTES_PER_S = 1e12
# The slots' own arithmetic may take so many times the launches: more slots gain less than a fifth.
_FILLED = 4
_LARGEST_WIDTH = 256


@dataclass(frozen=True, slots=True)
class Work:
    """One batch of one trial, as XLA counts it before it optimises.

    operations: floating-point ones.    moved: bytes that its operations read and write.
    rows: bytes of the batch itself.    convolves: whether it has a convolution.
    """

    operations: float
    moved: float
    rows: float
    convolves: bool = False


def best_width(work: Work, platform: str, mates: int | None = None) -> int:
    """How many slots a pack of such steps has; 1 where packing does not pay.

    platform: "cpu", or the name of any other kind of device.
    mates: how many trials of the whole sweep are likely to be one program; None: not known.
    """
    if platform == "cpu":
        return _on_cpu(work, mates)
    return _on_gpu(work, mates)


def shares_batches(work: Work) -> bool:
    """Whether slots with the same batches should share each product with them."""
    return work.operations >= _SMALLEST_SHARED and work.rows >= _SHARED_SHARE * work.moved


def is_thin(work: Work) -> bool:
    """Whether it is the sharing of batches that makes packing pay, whatever the step's size."""
    return work.rows >= _THIN_SHARE * work.moved


def _on_cpu(work: Work, mates: int | None) -> int:
    # Eight convolutions together took as long as one after the other, whatever their size, and a
    # pack that is not full takes as long as a full one.
    if work.convolves:
        return 1
    if work.moved > _LARGEST_BYTES and not is_thin(work):
        return 1
    # A host has several workers as a rule: each should find a pack to run.
    return _WIDTH if mates is None else _whole(min(_WIDTH, mates // 2), _SMALLEST_WIDTH)


def _on_gpu(work: Work, mates: int | None) -> int:
    """A slot costs little until all of them fill the GPU; an empty one too."""
    slot_s = work.operations / _OPERATIONS_PER_S + work.moved / _BYTES_PER_S
    most = _FILLED * _LAUNCHES_S / slot_s if slot_s else _LARGEST_WIDTH
    if mates is not None:
        most = min(most, 1 << max(0, mates - 1).bit_length())
    return _whole(min(most, _LARGEST_WIDTH), _SMALLEST_WIDTH)


def _whole(most: float, least: int) -> int:
    """The largest power of two up to `most`; 1 where it is below `least`."""
    width = 1 << (max(1, int(most)).bit_length() - 1)
    return width if width >= least else 1
