"""This machine: its cores, GPUs, processes, disks, locks and folders, and what URLs lead to."""
