"""Data and batches: on the device, shared by processes, or passing by in chunks."""
