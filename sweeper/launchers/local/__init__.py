"""This machine: the driver is a process here, in the foreground or behind."""
