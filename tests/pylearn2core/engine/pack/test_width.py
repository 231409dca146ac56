"""How wide packs are: where they were measured to pay, from the work alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylearn2core.engine.pack.width import Work, best_width, shares_batches

# operations, bytes moved and bytes of rows of one batch, as XLA counts them; how much faster eight
# trials ran as a pack on one core, with batches of their own and with the same (docs/adr/0009).
MEASURED = {
    "softmax 784-10, batch 20": (6.61e5, 6.58e5, 6.35e4, 1.03, 1.44),
    "softmax 784-10, batch 200": (6.32e6, 2.05e6, 6.35e5, 0.85, 2.34),
    "softmax 784-10, batch 1000": (3.15e7, 8.25e6, 3.18e6, 1.00, 3.42),
    "softmax 64-10, batch 32": (8.78e4, 1.06e5, 9.47e3, 1.40, 1.92),
    "MLP 64-32-10, batch 8": (9.32e4, 1.99e5, 2.37e3, 1.54, 1.70),
    "MLP 64-32-10, batch 32": (3.44e5, 3.23e5, 9.47e3, 1.34, 1.52),
    "MLP 64-32-10, batch 256": (2.68e6, 1.48e6, 7.58e4, 1.07, 1.29),
    "MLP 64-100-10, batch 32": (1.07e6, 8.69e5, 9.47e3, 1.18, 1.03),
    "MLP 64-256-256-10, batch 32": (1.56e7, 7.41e6, 9.47e3, 0.74, 0.73),
    "MLP 784-30-10, batch 10": (1.06e6, 1.64e6, 3.18e4, 0.95, 0.81),
    "MLP 784-100-10, batch 10": (3.52e6, 5.27e6, 3.18e4, 0.71, 0.68),
    "MLP 784-100-10, batch 100": (3.24e7, 6.86e6, 3.18e5, 0.84, 1.04),
    "MLP 784-500-10, batch 100": (1.62e8, 3.12e7, 3.18e5, 0.82, 0.84),
    "MLP 784-500-500-10, batch 100": (3.13e8, 5.31e7, 3.18e5, 0.79, 0.81),
}


@pytest.mark.parametrize("name", MEASURED)
def test_on_a_cpu_packs_are_chosen_where_they_were_faster(name):
    operations, moved, rows, own, common = MEASURED[name]
    work = Work(operations, moved, rows)
    gain = common if shares_batches(work) else own
    assert (best_width(work, "cpu") > 1) == (gain > 1.05)


@pytest.mark.parametrize("name", MEASURED)
def test_batches_are_shared_only_where_that_was_faster(name):
    operations, moved, rows, own, common = MEASURED[name]
    if shares_batches(Work(operations, moved, rows)):
        assert common > own


@pytest.mark.parametrize(
    ("mates", "width"), [(None, 8), (256, 8), (16, 8), (15, 4), (8, 4), (7, 1), (1, 1)]
)
def test_on_a_cpu_like_trials_make_two_packs_at_least(mates, width):
    assert best_width(Work(1e5, 1e5, 1e3), "cpu", mates) == width


@pytest.mark.parametrize(
    ("mates", "width"), [(None, 256), (1000, 256), (200, 256), (100, 128), (5, 8), (1, 1)]
)
def test_on_a_gpu_a_pack_holds_all_like_trials_as_far_as_launches_are_what_takes_time(mates, width):
    assert best_width(Work(3.44e5, 3.23e5, 9.47e3), "gpu", mates) == width


def test_convolutions_are_packed_on_gpus_only():
    work = Work(1e5, 1e5, 1e3, convolves=True)
    assert best_width(work, "cpu") == 1
    assert best_width(work, "gpu") > 1


works = st.builds(
    Work, st.floats(1, 1e13), st.floats(1, 1e12), st.floats(0, 1e10), convolves=st.booleans()
)


@given(works, st.sampled_from(["cpu", "gpu", "tpu"]), st.integers(1, 10**6))
def test_a_width_is_a_power_of_two_and_more_work_a_slot_never_makes_it_larger(work, kind, mates):
    width = best_width(work, kind, mates)
    assert width in (1, 4, 8, 16, 32, 64, 128, 256)
    more = Work(2 * work.operations, 2 * work.moved, 2 * work.rows, convolves=work.convolves)
    assert best_width(more, kind, mates) <= width
