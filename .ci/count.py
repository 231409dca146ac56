"""Sum up pytest's XML reports: a line a part, then `N passed, N failed, N skipped` of them all.

Exits 1 where a report is missing, or a part ran no test at all: it would prove nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def counts(report: Path) -> tuple[int, int, int]:
    """(passed, failed, skipped) of one report; an error of a fixture is a failure."""
    passed = failed = skipped = 0
    for suite in ElementTree.parse(report).iter("testsuite"):
        tests, bad, left_out = (
            int(suite.get(name, 0)) for name in ("tests", "failures", "skipped")
        )
        bad += int(suite.get("errors", 0))
        passed += tests - bad - left_out
        failed += bad
        skipped += left_out
    return passed, failed, skipped


def main(reports: list[Path]) -> int:
    """Print the sums; the exit code."""
    total = (0, 0, 0)
    is_whole = True
    for report in reports:
        if not report.exists():
            print(f"{report.stem}: no report")
            is_whole = False
            continue
        found = counts(report)
        print(f"{report.stem}: {say(found)}")
        is_whole = is_whole and found[0] + found[1] > 0
        total = (total[0] + found[0], total[1] + found[1], total[2] + found[2])
    print(say(total))
    return int(not is_whole or total[1] > 0)


def say(found: tuple[int, int, int]) -> str:
    """`N passed, N failed, N skipped`."""
    return "{} passed, {} failed, {} skipped".format(*found)


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
