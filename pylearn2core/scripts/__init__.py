"""Programs: `python -m pylearn2core.scripts.train FILE.yaml`."""
