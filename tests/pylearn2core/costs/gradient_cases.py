"""Cases of models and costs whose gradients are checked, and the check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor

from pylearn2core.corruption import BinomialCorruptor, GaussianCorruptor
from pylearn2core.costs.autoencoder import (
    MeanBinaryCrossEntropy,
    MeanSquaredReconstructionError,
    SparseActivation,
)
from pylearn2core.costs.cost import Cost, LpPenalty, MethodCost, SumOfCosts
from pylearn2core.costs.mlp import Default, L1WeightDecay, WeightDecay
from pylearn2core.costs.mlp.dropout import Dropout
from pylearn2core.costs.mlp.missing_target_cost import MissingTargetCost
from pylearn2core.engine import default_updates
from pylearn2core.models.autoencoder import (
    Autoencoder,
    ContractiveAutoencoder,
    DeepComposedAutoencoder,
    DenoisingAutoencoder,
    HigherOrderContractiveAutoencoder,
    StackedDenoisingAutoencoder,
    UntiedAutoencoder,
)
from pylearn2core.models.maxout import Maxout, MaxoutConvC01B
from pylearn2core.models.mlp import (
    MLP,
    CompositeLayer,
    ConvElemwise,
    ConvNonlinearity,
    ConvRectifiedLinear,
    FlattenerLayer,
    IdentityConvNonlinearity,
    Layer,
    Linear,
    LinearGaussian,
    PretrainedLayer,
    RectifiedLinear,
    RectifierConvNonlinearity,
    Sigmoid,
    SigmoidConvNonlinearity,
    Softmax,
    Softplus,
    SpaceConverter,
    Tanh,
    TanhConvNonlinearity,
)
from pylearn2core.models.softmax_regression import SoftmaxRegression
from pylearn2core.space import Conv2DSpace, VectorSpace
from pylearn2core.utils.data_specs import DataSpecsMapping

RNG = np.random.RandomState(0)
X = RNG.normal(size=(5, 4))
SHARES = RNG.uniform(0.1, 0.9, size=(5, 4))
REALS = RNG.normal(size=(5, 3))
LABELS = np.array([[0], [2], [1], [1], [0]])
ONE_HOT = np.eye(3)[LABELS.ravel()]
BITS = RNG.randint(0, 2, size=(5, 3)).astype(float)
IMAGES = RNG.normal(size=(5, 4, 3, 2))  # batch, rows, columns, channels
FOUR = VectorSpace(4)
PICTURES = Conv2DSpace((4, 3), num_channels=2)

# (model, cost, arrays of its data)
Case = tuple[Any, Cost, tuple[Any, ...]]


# The check ------------------------------------------------------------------------------------


def compiled(variables: Any, outputs: list[Any]) -> Any:
    """A function whose noise is the same at each call."""
    still = {state: state for state in default_updates(outputs, ())}
    return pytensor.function(
        variables, outputs, mode="FAST_COMPILE", updates=still, on_unused_input="ignore"
    )


def batch_of(cost: Cost, model: Any) -> tuple[Any, list[Any]]:
    """A symbolic batch as the cost takes it, and its variables."""
    specs = cost.get_data_specs(model)
    batch = specs[0].make_theano_batch()
    mapping = DataSpecsMapping(specs)
    flat = mapping.flatten(batch, return_tuple=True) if mapping.n_unique_specs else ()
    return batch, list(flat)


def slopes(value: Callable[[], float], param: Any, step: float = 1e-6) -> Any:
    start = np.array(param.get_value())
    found = np.zeros_like(start)
    for place in np.ndindex(start.shape):
        ends = []
        for sign in (1.0, -1.0):
            there = start.copy()
            there[place] += sign * step
            param.set_value(there)
            ends.append(value())
        found[place] = (ends[0] - ends[1]) / (2 * step)
    param.set_value(start)
    return found


def check(model: Any, cost: Cost, arrays: tuple[Any, ...]) -> None:
    """The gradients that the cost gives to training, beside central differences of its value."""
    batch, variables = batch_of(cost, model)
    objective = cost.expr(model, batch)
    # Each expr draws noise of its own: the gradients are to be of this one.
    cost.expr = lambda *args, **kwargs: objective  # type: ignore[method-assign]
    grads, _ = cost.get_gradients(model, batch)
    assert list(grads) == model.get_params()
    found = compiled(variables, list(grads.values()))(*arrays)
    value = compiled(variables, [objective])
    assert any(np.abs(grad).max() > 1e-3 for grad in found), "nothing to compare"
    for param, grad in zip(grads, found, strict=True):
        expected = slopes(lambda: float(value(*arrays)[0]), param)
        np.testing.assert_allclose(grad, expected, rtol=1e-5, atol=1e-8, err_msg=str(param))


# Layers ---------------------------------------------------------------------------------------


def scattered(model: Any) -> Any:
    """The model with parameters that are random numbers, biases too."""
    rng = np.random.RandomState(1)
    for param in model.get_params():
        value = np.array(param.get_value())
        param.set_value(value + 0.3 * rng.normal(size=value.shape))
    return model


def top(**kwargs: Any) -> Softmax:
    return Softmax(layer_name="y", n_classes=3, irange=1.0, **kwargs)


def hidden(*layers: Layer, space: Any = FOUR, data: Any = X) -> Case:
    """Layers below a softmax."""
    mlp = MLP(input_space=space, layers=[*layers, top()])
    return scattered(mlp), Default(), (data, ONE_HOT)


def output(layer: Layer, targets: Any, cost: Cost | None = None) -> Case:
    """A layer with a cost of its own."""
    return scattered(MLP(nvis=4, layers=[layer])), cost or Default(), (X, targets)


def unit(cls: Any, name: str = "h", dim: int = 3, **kwargs: Any) -> Any:
    return cls(layer_name=name, dim=dim, irange=1.0, **kwargs)


def maxout(**kwargs: Any) -> Maxout:
    return Maxout("h", num_units=3, num_pieces=2, irange=1.0, **kwargs)


def conv(cls: Any = ConvElemwise, **kwargs: Any) -> Case:
    """A convolution below a softmax, on images."""
    arguments = {"layer_name": "h", "output_channels": 2, "kernel_shape": (2, 2), "irange": 1.0}
    return hidden(cls(**(arguments | kwargs)), space=PICTURES, data=IMAGES)


def maxout_conv(**kwargs: Any) -> Case:
    layer = MaxoutConvC01B(2, 2, (2, 2), (2, 2), (1, 1), "h", irange=1.0, **kwargs)
    return hidden(layer, space=PICTURES, data=IMAGES)


def conv_output(nonlinearity: ConvNonlinearity) -> Case:
    layer = ConvElemwise(2, (2, 2), "h", nonlinearity, irange=1.0)
    mlp = scattered(MLP(input_space=PICTURES, layers=[layer]))
    bits = np.random.RandomState(2).randint(0, 2, size=(5, 2, 3, 2)).astype(float)
    return mlp, Default(), (IMAGES, bits)


def composite(flat: bool) -> Case:
    both = CompositeLayer("both", [unit(Linear, "a", 2), unit(Sigmoid, "b", 3)])
    if flat:
        return output(FlattenerLayer(both), np.hstack([REALS[:, :2], BITS]))
    model = scattered(MLP(nvis=4, layers=[both], target_source=("left", "right")))
    return model, Default(), (X, REALS[:, :2], BITS)


def pretrained(freeze: bool) -> Case:
    below = PretrainedLayer("h", autoencoder(), freeze_params=freeze)
    return hidden(below, data=SHARES)


LAYERS: list[tuple[type, str, Callable[[], Case]]] = [
    (Linear, "squares", lambda: output(unit(Linear), REALS)),
    (Linear, "absolute", lambda: output(unit(Linear, use_abs_loss=True), REALS)),
    (Linear, "copied", lambda: hidden(unit(Linear, copy_input=True))),
    (Linear, "no-bias", lambda: hidden(unit(Linear, use_bias=False))),
    (LinearGaussian, "", lambda: output(gaussian(), REALS)),
    (Sigmoid, "", lambda: output(unit(Sigmoid), BITS)),
    (Sigmoid, "hidden", lambda: hidden(unit(Sigmoid))),
    (Softmax, "", lambda: output(top(), ONE_HOT)),
    (Softmax, "non-redundant", lambda: output(top(non_redundant=True), ONE_HOT)),
    (Softmax, "labels", lambda: output(top(binary_target_dim=1), LABELS)),
    (MaxoutConvC01B, "", maxout_conv),
    (MaxoutConvC01B, "padded", lambda: maxout_conv(pad=1, tied_b=True)),
    (Softmax, "hidden", lambda: hidden(Softmax(4, "h", irange=1.0))),
    (Tanh, "", lambda: hidden(unit(Tanh))),
    (RectifiedLinear, "", lambda: hidden(unit(RectifiedLinear))),
    (RectifiedLinear, "leaky", lambda: hidden(unit(RectifiedLinear, left_slope=0.2))),
    (Softplus, "", lambda: hidden(unit(Softplus))),
    (Maxout, "", lambda: hidden(maxout())),
    (Maxout, "min-zero", lambda: hidden(maxout(min_zero=True))),
    (Maxout, "overlapping", lambda: hidden(maxout(pool_stride=1))),
    (Maxout, "random-pools", lambda: hidden(maxout(randomize_pools=True))),
    (
        ConvElemwise,
        "strided",
        lambda: conv(nonlinearity=TanhConvNonlinearity(), kernel_stride=(2, 1)),
    ),
    (
        ConvElemwise,
        "full",
        lambda: conv(nonlinearity=TanhConvNonlinearity(), border_mode="full", tied_b=True),
    ),
    (
        ConvRectifiedLinear,
        "max",
        lambda: conv(ConvRectifiedLinear, pool_shape=(2, 2), pool_stride=(1, 2), left_slope=0.1),
    ),
    (
        ConvRectifiedLinear,
        "mean",
        lambda: conv(ConvRectifiedLinear, pool_shape=(2, 2), pool_stride=(1, 2), pool_type="mean"),
    ),
    (IdentityConvNonlinearity, "", lambda: conv(nonlinearity=IdentityConvNonlinearity())),
    (RectifierConvNonlinearity, "", lambda: conv(nonlinearity=RectifierConvNonlinearity(0.1))),
    (TanhConvNonlinearity, "", lambda: conv(nonlinearity=TanhConvNonlinearity())),
    (SigmoidConvNonlinearity, "", lambda: conv_output(SigmoidConvNonlinearity())),
    (CompositeLayer, "", lambda: composite(flat=False)),
    (FlattenerLayer, "", lambda: composite(flat=True)),
    (PretrainedLayer, "", lambda: pretrained(freeze=False)),
    (PretrainedLayer, "frozen", lambda: pretrained(freeze=True)),
    (
        SpaceConverter,
        "",
        lambda: hidden(
            SpaceConverter("h", VectorSpace(24)), unit(Tanh, "g"), space=PICTURES, data=IMAGES
        ),
    ),
    (MLP, "nested", lambda: hidden(MLP([unit(Tanh, "a"), unit(Softplus, "b")], layer_name="h"))),
    (
        SoftmaxRegression,
        "",
        lambda: (scattered(SoftmaxRegression(3, nvis=4, irange=1.0)), Default(), (X, ONE_HOT)),
    ),
]


def gaussian() -> Any:
    return unit(LinearGaussian, init_beta=np.array([1.5, 2.0, 2.5]), min_beta=0.1, max_beta=9.0)


# Autoencoders and costs -----------------------------------------------------------------------


def autoencoder(cls: Any = Autoencoder, *first: Any, **kwargs: Any) -> Any:
    sizes = {"nvis": 4, "nhid": 3, "act_enc": "sigmoid", "act_dec": "sigmoid", "irange": 1.0}
    return scattered(cls(*first, **(sizes | kwargs)))


def second() -> Any:
    return scattered(Autoencoder(3, 2, "tanh", None, irange=1.0, rng=5))


def squared(model: Any) -> Case:
    return model, MeanSquaredReconstructionError(), (SHARES,)


def mlp() -> Any:
    return hidden(unit(Tanh))[0]


def dropout(**kwargs: Any) -> Case:
    return mlp(), Dropout(**kwargs), (X, ONE_HOT)


def dropout_of_images() -> Case:
    layer = ConvElemwise(2, (2, 2), "h", TanhConvNonlinearity(), irange=1.0)
    model, _, data = hidden(layer, space=PICTURES, data=IMAGES)
    return model, Dropout(input_include_probs={"h": 0.8}, input_scales={"h": 1.25}), data


def missing_target() -> Case:
    targets = np.where(np.arange(ONE_HOT.size).reshape(ONE_HOT.shape) % 4 == 1, -1.0, ONE_HOT)
    return mlp(), MissingTargetCost(), (X, targets)


def lp_penalty(p: float) -> Case:
    model = mlp()
    return model, LpPenalty(model.get_params()[:2], p), ()


def higher_order(corruptor: Any) -> Case:
    model = autoencoder(HigherOrderContractiveAutoencoder, corruptor, 2)
    return model, MethodCost("higher_order_penalty"), (SHARES,)


def sum_of_costs() -> Case:
    terms = [[0.3, WeightDecay({"h": 0.5})], Default(), [2.0, L1WeightDecay([0.1, 0.2])]]
    return mlp(), SumOfCosts(terms), (X, ONE_HOT)


OTHERS: list[tuple[type, str, Callable[[], Case]]] = [
    (Autoencoder, "", lambda: squared(autoencoder())),
    (Autoencoder, "tied", lambda: squared(autoencoder(tied_weights=True))),
    (
        DenoisingAutoencoder,
        "zeros",
        lambda: squared(autoencoder(DenoisingAutoencoder, BinomialCorruptor(0.4))),
    ),
    (
        DenoisingAutoencoder,
        "gaussian",
        lambda: squared(autoencoder(DenoisingAutoencoder, GaussianCorruptor(0.5))),
    ),
    (
        ContractiveAutoencoder,
        "",
        lambda: (
            autoencoder(ContractiveAutoencoder, act_enc="tanh"),
            MethodCost("contraction_penalty"),
            (SHARES,),
        ),
    ),
    (HigherOrderContractiveAutoencoder, "", lambda: higher_order(GaussianCorruptor(2.0))),
    (UntiedAutoencoder, "", lambda: squared(UntiedAutoencoder(autoencoder(tied_weights=True)))),
    (
        DeepComposedAutoencoder,
        "",
        lambda: squared(DeepComposedAutoencoder([autoencoder(), second()])),
    ),
    (
        StackedDenoisingAutoencoder,
        "",
        lambda: squared(
            StackedDenoisingAutoencoder([autoencoder(), second()], BinomialCorruptor(0.4))
        ),
    ),
    (MeanSquaredReconstructionError, "", lambda: squared(autoencoder(act_dec=None))),
    (MeanBinaryCrossEntropy, "", lambda: (autoencoder(), MeanBinaryCrossEntropy(), (SHARES,))),
    (SparseActivation, "", lambda: (autoencoder(), SparseActivation(0.3, 0.1), (SHARES,))),
    (MethodCost, "", lambda: (mlp(), MethodCost("cost_from_X"), (X, ONE_HOT))),
    (LpPenalty, "1.5", lambda: lp_penalty(1.5)),
    (LpPenalty, "3", lambda: lp_penalty(3)),
    (SumOfCosts, "", sum_of_costs),
    (Default, "", lambda: (mlp(), Default(), (X, ONE_HOT))),
    (WeightDecay, "", lambda: (mlp(), WeightDecay({"h": 0.5, "y": 0.2}), ())),
    (L1WeightDecay, "", lambda: (mlp(), L1WeightDecay([0.5, 0.2]), ())),
    (Dropout, "", dropout),
    (MissingTargetCost, "", missing_target),
    (Dropout, "one-mask", lambda: dropout(per_example=False, default_input_include_prob=0.7)),
    (Dropout, "images", dropout_of_images),
]
CASES = LAYERS + OTHERS
