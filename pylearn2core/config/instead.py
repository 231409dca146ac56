"""What to write in place of names of Pylearn2's that are not here."""

from __future__ import annotations

_INSTEAD = {
    "cross_validation": (
        "Folds are an axis of a sweep: `grid: {fold: {range: [0, 5]}}` and a dataset of the fold, "
        "with `sweep report --over fold`"
    ),
    "grid_search": "The grid is the header of a sweep: `sweep: {grid: {dim: [2, 4]}}`",
    "costs.dbm": "Of energy models there are RBM, GaussianBinaryRBM and their costs",
    "models.dbm": "Of energy models there are RBM, GaussianBinaryRBM and VAE",
    "models.gsn": "There are denoising autoencoders and VAE",
    "models.s3c": "There are autoencoders and RBM",
    "models.sparse_coding": "There are autoencoders and RBM",
    "models.lwta": "Maxout and RectifiedLinear are there",
    "sandbox": "cuda_convnet's layers are ConvElemwise and ConvRectifiedLinear",
    "linear.conv2d_c01b": "pylearn2.linear.conv2d.Conv2D takes images in any order of their axes",
    "train_extensions.live_monitoring": "`sweep status` and `sweep show` follow a run",
    "train_extensions.plots": "plot_monitor.py draws a saved model's records",
    "gui": "PatchViewer draws to a file, as do show_weights.py, show_examples.py, plot_monitor.py",
    "scripts.jobman": "`sweep launch` runs what jobman ran",
    "devtools": "There is no Theano here whose functions could be looked into",
}


def instead(dotted: str) -> str:
    """A sentence, with a space before it, on what does the work of `dotted`; or nothing."""
    top, _, rest = dotted.partition(".")
    if top not in ("pylearn2", "pylearn2core"):
        return ""
    for name, advice in _INSTEAD.items():
        if rest == name or rest.startswith(f"{name}."):
            return f" {advice} (docs/core/porting.md)."
    return ""
