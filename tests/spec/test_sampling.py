"""Drawn axes: stable values, and the distributions they claim, against scipy."""

import hashlib

import pytest
from scipy import stats

SAMPLES = 2000
# The draws are fixed, so chance has one go at each of these tests: 1 % would fail one in a dozen of
# good generators. So a bias that 2,000 draws show at 1 in 100 only would pass unseen.
UNLIKELY = 1e-4


@pytest.fixture(scope="module")
def drawn(expanded):
    """The values of an axis `x` of the distribution `rule`."""

    def run(rule, samples=SAMPLES, seed=1, more=""):
        axes = f"{{x: {rule}{more}}}"
        header = f"  random: {{samples: {samples}, seed: {seed}, axes: {axes}}}"
        names = ["x", "y"] if more else ["x"]
        return [trial.values["x"] for trial in expanded(header, *names).trials]

    return run


def test_a_value_depends_on_seed_name_and_index_alone(drawn):
    rule = "{uniform: [0, 1]}"
    first = drawn(rule, samples=5)
    assert drawn(rule, samples=50)[:5] == first
    assert drawn(rule, samples=5, more=", y: {normal: [0, 1]}") == first
    assert drawn(rule, samples=5, seed=2) != first


def test_a_draw_is_the_digest_of_seed_name_and_index(drawn):
    digests = [hashlib.sha256(f"1/x/{i}".encode()).hexdigest() for i in range(20)]
    units = [int(digest[:13], 16) / 16**13 for digest in digests]
    assert drawn("{uniform: [0, 1]}", 20) == pytest.approx(units, abs=1e-12)
    picks = [100 + int(digest[:32], 16) % 1000 for digest in digests]
    assert drawn("{randint: [100, 1100]}", 20) == picks


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{uniform: [-2, 3]}", stats.uniform(-2, 5)),
        ("{loguniform: [1e-5, 0.1]}", stats.loguniform(1e-5, 0.1)),
        ("{normal: [3, 0.5]}", stats.norm(3, 0.5)),
    ],
)
def test_floats_follow_their_distribution(drawn, rule, expected):
    values = drawn(rule)
    assert {type(value) for value in values} == {float}
    assert stats.kstest(values, expected.cdf).pvalue > UNLIKELY


@pytest.mark.parametrize(
    ("rule", "choices"),
    [
        ("{randint: [3, 7]}", [3, 4, 5, 6]),
        ("{quniform: [8, 32, 8]}", [8, 16, 24, 32]),
        ("{quniform: [0.1, 0.3, 0.1]}", [0.1, 0.2, 0.3]),
        ("{choice: [a, '01', null]}", ["a", "01", None]),
    ],
)
def test_choices_are_equally_likely_and_keep_their_type(expanded, rule, choices):
    # An index beside the drawn axis, or equal draws would be merged.
    header = f"  random: {{samples: {SAMPLES}, axes: {{x: {rule}, y: {{uniform: [0, 1]}}}}}}"
    values = [trial.values["x"] for trial in expanded(header, "x", "y").trials]
    found = [repr(value) for value in values]
    counts = [found.count(repr(choice)) for choice in choices]
    assert sum(counts) == SAMPLES
    assert stats.chisquare(counts).pvalue > UNLIKELY


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{uniform: [1, 1]}", "uniform: expected a below b, got 1 and 1"),
        ("{uniform: [1]}", "expected 2 numbers, got 1"),
        ("{uniform: [a, 1]}", r"uniform\[0\]: expected a number, got the string 'a'"),
        ("{loguniform: [0, 1]}", "expected bounds above 0, got 0"),
        ("{quniform: [0, 1, 0]}", "expected a step q above 0"),
        ("{randint: [0, 1.5]}", "expected whole numbers, got 0 and 1.5"),
        ("{normal: [0, -1]}", "expected a sigma above 0"),
        ("{choice: []}", "nothing to choose from"),
        ("{unifrom: [0, 1]}", r"unknown key \(did you mean uniform"),
        ("[1, 2]", "expected a map with the keys uniform, .* got a list"),
        ("{}", "expected one distribution"),
    ],
)
def test_a_bad_distribution_is_told_with_its_key_path(drawn, rule, message):
    with pytest.raises(Exception, match=rf"line 2, sweep\.random\.axes\.x.*{message}"):
        drawn(rule)
