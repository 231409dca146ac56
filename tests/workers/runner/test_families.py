"""Every family of models that the templates train by SGD: fast paths give what slow ones give.

Two fast paths: a trial whose program is known is built without its gradients, and trials run side
by side in packs. The first gives the same bits, the second the same numbers.
"""

import re
import shutil
from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pylearn2core.engine.graph import gradients, shortcuts
from pylearn2core.training_algorithms import sgd
from sweeper.records import AttemptState, Ended, Row, RunnerSetup, TrialTask
from sweeper.spec.expand import expand
from sweeper.spec.load import loads
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import Runner

TEMPLATES = Path(__file__).parents[3] / "templates"

# Axes of each template: what varies freely, and what stays, for it makes a program of its own.
RATES = st.floats(1e-3, 0.2)
FAMILIES = {
    "digits-logistic-regression": ({"learning_rate": RATES}, {"batch_size": 50}),
    "digits-mlp": (
        {"learning_rate": RATES, "momentum": st.floats(0.5, 0.9)},
        {"layer": "Sigmoid", "dim": 9},
    ),
    "digits-maxout-dropout": ({"learning_rate": RATES, "keep": st.floats(0.5, 0.9)}, {}),
    "tied-autoencoder": ({"learning_rate": RATES}, {"nhid": 7}),
    "digits-rbm": ({"learning_rate": RATES}, {"nhid": 7, "chains": "persistent"}),
    "digits-conv": ({"learning_rate": RATES}, {"pool_type": "max"}),
    "digits-stacked-denoising": (
        {"learning_rate": RATES, "corruption": st.floats(0.1, 0.5)},
        {},
    ),
    "digits-vae": ({"learning_rate": st.floats(1e-4, 1e-2)}, {"criterion": "VAECriterion"}),
    "patches-grbm": ({"learning_rate": RATES}, {"nhid": 5}),
}
QUICK = ("digits-logistic-regression",)
SLOW = pytest.mark.slow
family = pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=SLOW) for name in FAMILIES]
)
WITHIN = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A user's folder with the templates in it."""
    made = tmp_path_factory.mktemp("families") / "work"
    shutil.copytree(TEMPLATES, made)
    return made


TWO = st.just(2)


def points(name, *, epochs=TWO, least=2, most=4):
    """Lists of a family's hyper-parameters; `epochs` is how long a trial trains."""
    varied, _ = FAMILIES[name]
    point = st.fixed_dictionaries({**varied, "epochs": epochs})
    return st.lists(point, min_size=least, max_size=most)


def experiment(name, point):
    """(the experiment's text, its tokens) of one point; a few epochs of each phase."""
    source = (TEMPLATES / f"{name}.yaml.j2").read_text()
    _, _, body = source.partition("\n---\n")
    body = re.sub(r"max_epochs: (\{\{.*?\}\}|\d+)", "max_epochs: {{ epochs }}", body)
    seed = "  repeat: 1\n" if "{{ seed }}" in body else ""
    values = {**FAMILIES[name][1], **point}
    axes = ", ".join(f"{axis}: [{value}]" for axis, value in values.items())
    spec = loads(f"sweep:\n{seed}  grid: {{{axes}}}\n---\n{body}", f"{name}.yaml.j2")
    expansion = expand(spec)
    (trial,) = expansion.trials
    return expansion.texts[trial.text_id], trial.tokens


def run(folder, name, some, pack):
    """The rows of each trial: (phase, epoch, {channel: value}) without the clocks."""
    texts, tasks = {}, []
    for number, point in enumerate(some):
        text, tokens = experiment(name, point)
        texts[text.text] = text
        tasks.append(TrialTask(str(number), 1, text.text, tokens, number, pack))
    assert len(texts) == 1
    setup = RunnerSetup(str(folder / "run"), str(folder / f"{name}.yaml.j2"), ("*",), (), "float64")
    for number in range(len(some)):
        shutil.rmtree(folder / "run" / "trials" / str(number), ignore_errors=True)
        (folder / "run" / "trials" / str(number) / "a1").mkdir(parents=True)
    rows = {task.trial: [] for task in tasks}
    for item in Runner(setup, 0).run(tasks, texts, Interruption()):
        if isinstance(item, Row):
            values = array("d", item.data)
            named = zip(item.channels, values, strict=True)
            kept = {channel: value for channel, value in named if "sec" not in channel}
            rows[item.trial].append((item.phase, item.epoch, kept))
        elif isinstance(item, Ended):
            assert item.outcome is AttemptState.FINISHED, item.traceback
    return list(rows.values())


@family
@given(data=st.data())
@settings(WITHIN, max_examples=2)
def test_a_trial_built_by_a_known_key_gives_the_same_bits(folder, name, monkeypatch, data):
    some = data.draw(points(name))
    # Each place of a value is looked at once in whole graphs, then passed on: the second run is
    # the fast one.
    run(folder, name, [*some, *data.draw(points(name))], 1)
    worked_out = []
    with monkeypatch.context() as patch:
        patch.setattr(
            "pylearn2core.engine.graph.copies.worked_out",
            lambda inputs: worked_out.append(inputs) or gradients.worked_out(inputs),
        )
        fast = run(folder, name, some, 1)
    with monkeypatch.context() as patch:
        patch.setattr(sgd, "gradients_may_wait", lambda *_: False)
        slow = run(folder, name, some, 1)
    assert fast == slow
    assert worked_out == []
    assert all(known.holds for known in shortcuts._shortcuts.values())


@family
@given(data=st.data())
@settings(WITHIN, max_examples=2)
def test_packs_of_any_width_and_length_give_what_single_trials_give(folder, name, data):
    # More trials than slots: those that end early are refilled, in the order of their lengths.
    some = data.draw(points(name, epochs=st.integers(1, 3), least=3, most=6))
    packed = run(folder, name, some, data.draw(st.integers(2, 4), label="width"))
    for found, expected in zip(packed, run(folder, name, some, 1), strict=True):
        assert [row[:2] for row in found] == [row[:2] for row in expected]
        for (_, epoch, values), (_, _, others) in zip(found, expected, strict=True):
            assert values.keys() == others.keys()
            for channel, value in values.items():
                np.testing.assert_allclose(
                    value, others[channel], rtol=1e-6, atol=1e-9, err_msg=f"{channel} {epoch}"
                )
