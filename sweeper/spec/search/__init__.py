"""Searches: trials that follow from the results of earlier ones.

`config` reads the header's `search` to a record, `space` says what varies, `tried` what is known;
`kinds` names the samplers, whose files propose points, one a family; `source` makes trials of them.
"""
