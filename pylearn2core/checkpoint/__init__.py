"""The whole state of a training: saved, and loaded to go on as if it had never stopped."""

from pylearn2core.checkpoint.training import load, load_state_dict, save, state_dict

__all__ = ["load", "load_state_dict", "save", "state_dict"]
