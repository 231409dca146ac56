"""Callbacks of the training loop."""

from pylearn2core.train_extensions.train_extension import TrainExtension

__all__ = ["ChannelSmoother", "SharedSetter", "TrainExtension"]


def __getattr__(name: str) -> object:
    # ChannelSmoother and SharedSetter are read when first asked for: what imports TrainExtension
    # alone needs none of what they import.
    if name == "ChannelSmoother":
        from pylearn2core.train_extensions.channel_smoother import ChannelSmoother

        return ChannelSmoother
    if name == "SharedSetter":
        from pylearn2core.train_extensions.shared_setter import SharedSetter

        return SharedSetter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
