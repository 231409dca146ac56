"""How much one YAML text may come to: more is a mistake, or meant to fill the memory of its reader.

A reader that keeps them needs memory and time for the text that it is given, whatever the text's
aliases stand for.
"""

MAX_TEXT = 16_000_000
"""Characters of a text."""

MAX_NODES = 500_000
"""Scalars, lists and maps of a text, those that an alias repeats counted at each alias."""

MAX_DEPTH = 100
"""Lists and maps within one another, those behind an alias too."""

MAX_DIGITS = 300
"""Digits of a whole number: each such number is below the largest float."""

MAX_NUMBER_TEXT = 1000
"""Characters of a number as it is written."""
