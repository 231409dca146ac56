from __future__ import annotations

import pytest

from sweeper import spec as specs
from sweeper.records import History, PastTrial, TrialState


@pytest.fixture(scope="session")
def searched():
    """The spec of a search over these axes, and its source."""

    def make(axes, sampler="random", trials=20, batch=1, more="", header=""):
        lines = "".join(f"      {name}: {rule}\n" for name, rule in axes.items())
        use = "  {%% if %s is defined %%}%s: {{ %s }},{%% endif %%}\n"
        uses = "".join(use % (name, name, name) for name in axes)
        text = (
            "sweep:\n  objective: {channel: error, mode: min}\n"
            f"{header}  search:\n    sampler: {sampler}\n    trials: {trials}\n    batch: {batch}\n"
            f"{more}    axes:\n{lines}---\n!obj:mine.Trial {{\n{uses}  s: {{{{ seed }}}},\n}}\n"
        )
        return specs.source_of(specs.loads(text, "grid.yaml.j2"))

    return make


@pytest.fixture(scope="session")
def played():
    """Play a source one batch after the other: the points of each, with what they came to."""

    def play(source, score, lag=0):
        """score: of a trial's values, None where it fails."""
        batches = []
        for batch in range(source.batches):
            known = [one for done in batches[: max(batch - lag, 0)] for one in done]
            later = [one.values for done in batches[max(batch - lag, 0) :] for one in done]
            proposal = source.propose(batch, History(tuple(known), tuple(later)))
            if proposal is None:
                break
            batches.append([past(trial.values, score(trial.values)) for trial in proposal.trials])
        return [[dict(one.values) for one in done] for done in batches]

    return play


def past(values, score):
    if score is None:
        return PastTrial(values, TrialState.FAILED, ())
    return PastTrial(values, TrialState.FINISHED, ((0, 1, score),))
