"""Keywords held against what a function takes, without calling it."""

from __future__ import annotations

import pytest

from pylearn2core.config.call import check
from pylearn2core.errors import ConfigError


def refuse(width: int, depth: int = 1) -> None:
    raise AssertionError("it was called")


def test_a_function_that_takes_the_keywords_is_returned_and_not_called() -> None:
    assert check(refuse, "a.refuse", ["width"]) is refuse
    assert check(refuse, "a.refuse", {"width": 3, "depth": 2}) is refuse


@pytest.mark.parametrize(
    ("target", "names", "message"),
    [
        (refuse, ["widht"], r"`a.b` has no argument `widht` \(did you mean width\?\). It accepts:"),
        (refuse, ["depth"], "`a.b` needs `width`, which is not given"),
        (3.0, [], "`!obj:a.b` names a float, which can't be called"),
    ],
)
def test_what_does_not_fit_is_refused(target: object, names: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(target, "a.b", names)
