"""The Ray cluster that a driver works on: a private one on this machine, or one that is joined."""
