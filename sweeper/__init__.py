"""Hyper-parameter sweeps from one file. The way in is `sweep`; see docs/architecture.md."""
