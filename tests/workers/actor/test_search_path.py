"""The order in which a worker looks for modules."""

import pytest

from sweeper.workers.actor.search_path import reordered


@pytest.mark.parametrize(
    ("path", "added", "own", "expected"),
    [
        (["/here", "/lib"], ["/here"], "", ["/lib", "/here"]),
        (["/here", "/lib", "/here"], ["/here", "/here"], "", ["/lib", "/here"]),
        (["/here", "/lib"], ["/here"], "/other:/here", ["/here", "/lib"]),
        (["/bin", "/here", "/lib"], ["/here", "/bin"], "", ["/lib", "/here", "/bin"]),
        (["/lib"], [], "", ["/lib"]),
    ],
)
def test_the_driver_s_folder_comes_last_unless_pythonpath_has_it(path, added, own, expected):
    assert reordered(path, added, {"PYTHONPATH": own}) == expected
