"""What sweeper changes of other libraries; README.md has a row for each.

A patch is made by the worker's or the script's entry, never by an import. It first looks whether
the library is what it expects; one that is not is left alone, and that is said once.
"""
