"""Autoencoders and their costs, against NumPy; first weights by FACTS of Pylearn2 af81e5c."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import expit

from pylearn2core.blocks import Block, StackedBlocks
from pylearn2core.corruption import (
    BinomialCorruptor,
    BinomialSampler,
    ComposedCorruptor,
    DropoutCorruptor,
    DummyCorruptor,
    GaussianCorruptor,
    MultinomialSampler,
    OneHotCorruptor,
    SaltPepperCorruptor,
)
from pylearn2core.costs.autoencoder import (
    MeanBinaryCrossEntropy,
    MeanSquaredReconstructionError,
    SparseActivation,
)
from pylearn2core.costs.cost import MethodCost
from pylearn2core.errors import ConfigError
from pylearn2core.models.autoencoder import (
    Autoencoder,
    ContractiveAutoencoder,
    DeepComposedAutoencoder,
    DenoisingAutoencoder,
    HigherOrderContractiveAutoencoder,
    StackedDenoisingAutoencoder,
    UntiedAutoencoder,
)

X = np.random.RandomState(0).uniform(size=(6, 5))


def autoencoder(cls: Any = Autoencoder, *first: Any, **kwargs: Any) -> Any:
    model = cls(
        *first,
        **({"nvis": 5, "nhid": 3, "act_enc": "sigmoid", "act_dec": "sigmoid", "irange": 1.0})
        | kwargs,
    )
    rng = np.random.RandomState(1)
    model.hidbias.set_value(rng.normal(size=3))
    model.visbias.set_value(rng.normal(size=5))
    return model


def by_hand(model: Any, data: Any = X) -> tuple[Any, Any]:
    """(hidden, reconstruction) of a sigmoid autoencoder."""
    W = model.weights.get_value()
    back = W.T if model.tied_weights else model.w_prime.get_value()
    hidden = expit(data @ W + model.hidbias.get_value())
    return hidden, expit(hidden @ back + model.visbias.get_value())


def test_weights_are_drawn_in_pylearn2s_order() -> None:
    rng = np.random.RandomState(9001)
    W = rng.uniform(-0.2, 0.2, (5, 3))
    rng.randint(2**30)
    back = (0.5 - rng.rand(3, 5)) * 0.2
    model = Autoencoder(5, 3, None, None, irange=0.2)
    assert [param.name for param in model.get_params()] == ["vb", "hb", "W", "Wprime"]
    np.testing.assert_array_equal(model.get_weights(), W)
    np.testing.assert_array_equal(model.w_prime.get_value(), back)
    tied = Autoencoder(5, 3, None, None, tied_weights=True)
    assert [param.name for param in tied.get_params()] == ["vb", "hb", "W"]
    assert np.abs(tied.get_weights()).max() <= 1e-3
    normal = np.random.RandomState(4).randn(5, 3) * 0.1
    np.testing.assert_array_equal(
        Autoencoder(5, 3, None, None, istdev=0.1, rng=4).get_weights(), normal
    )


@pytest.mark.parametrize("tied", [False, True])
def test_reconstruction_costs_and_gradients(
    tied: bool, evaluate: Any, check_gradients: Any
) -> None:
    model = autoencoder(tied_weights=tied)
    x = pt.matrix("X")
    hidden, back = by_hand(model)
    np.testing.assert_allclose(evaluate(model.encode(x), {x: X}), hidden, rtol=1e-13)
    np.testing.assert_allclose(evaluate(model.reconstruct(x), {x: X}), back, rtol=1e-13)
    expected = {
        MeanSquaredReconstructionError: ((X - back) ** 2).sum(axis=1).mean(),
        MeanBinaryCrossEntropy: -(X * np.log(back) + (1 - X) * np.log(1 - back)).sum(axis=1).mean(),
    }
    for cls, value in expected.items():
        cost = cls().expr(model, x)
        assert cost.name == "mean"
        assert evaluate(cost, {x: X}) == pytest.approx(value, rel=1e-12)
        check_gradients(cost, model.get_params(), {x: X})


def test_cross_entropy_of_a_saturated_unit_is_finite_and_of_other_outputs_is_plain(
    evaluate: Any,
) -> None:
    model = autoencoder(act_dec="sigmoid")
    model.visbias.set_value(np.full(5, 900.0))
    model.w_prime.set_value(np.zeros((3, 5)))
    x = pt.matrix("X")
    cost = MeanBinaryCrossEntropy().expr(model, x)
    assert evaluate(cost, {x: np.zeros((1, 5))}) == pytest.approx(5 * 900.0)
    y = pt.matrix("Y")
    plain = MeanBinaryCrossEntropy.cost(x, y)
    expected = -(X * np.log(0.25) + (1 - X) * np.log(0.75)).sum(axis=1).mean()
    assert evaluate(plain, {x: X, y: np.full((6, 5), 0.25)}) == pytest.approx(expected)


def test_sparse_activation(evaluate: Any, check_gradients: Any) -> None:
    model = autoencoder(tied_weights=True)
    x = pt.matrix("X")
    q = by_hand(model)[0].mean(axis=0)
    p = 0.1
    expected = 0.3 * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))).sum()
    cost = SparseActivation(0.3, p).expr(model, x)
    assert cost.name == "sparse_activation_penalty"
    assert evaluate(cost, {x: X}) == pytest.approx(expected)
    check_gradients(cost, [model.hidbias, model.weights], {x: X})
    with pytest.raises(ConfigError, match=r"p must be in \(0, 1\)"):
        SparseActivation(0.3, 1.0)


def test_contraction_penalty_is_the_mean_squared_jacobian(
    evaluate: Any, check_gradients: Any
) -> None:
    model = autoencoder(ContractiveAutoencoder, tied_weights=True)
    x = pt.matrix("X")
    hidden, _ = by_hand(model)
    jacobian = model.get_weights()[None] * (hidden * (1 - hidden))[:, None, :]
    np.testing.assert_allclose(evaluate(model.jacobian_h_x(x), {x: X}), jacobian, rtol=1e-12)
    cost = MethodCost("contraction_penalty")
    assert cost.get_data_specs(model) == (model.get_input_space(), "features")
    penalty = cost.expr(model, x)
    assert evaluate(penalty, {x: X}) == pytest.approx((jacobian**2).sum() / 6, rel=1e-12)
    check_gradients(penalty, [model.hidbias, model.weights], {x: X})


def test_higher_order_penalty_is_zero_without_noise(evaluate: Any) -> None:
    x = pt.matrix("X")

    def penalty(corruptor: Any) -> float:
        model = autoencoder(HigherOrderContractiveAutoencoder, corruptor, 3)
        return float(evaluate(model.higher_order_penalty(x), {x: X}))

    assert penalty(DummyCorruptor()) == 0.0
    assert 0.0 < penalty(GaussianCorruptor(0.1)) < penalty(GaussianCorruptor(1.0))
    with pytest.raises(ConfigError, match="num_corruptions: expected 1 or more"):
        autoencoder(HigherOrderContractiveAutoencoder, DummyCorruptor(), 0)


def test_a_denoising_autoencoder_reconstructs_from_noisy_inputs(evaluate: Any) -> None:
    class Halved(DummyCorruptor):
        def _corrupt(self, x: Any) -> Any:
            return x * 0.5

    model = autoencoder(DenoisingAutoencoder, Halved())
    x = pt.matrix("X")
    np.testing.assert_allclose(
        evaluate(model.reconstruct(x), {x: X}), by_hand(model, X / 2)[1], rtol=1e-13
    )


def test_untying_starts_from_the_tied_parameters(evaluate: Any) -> None:
    base = autoencoder(tied_weights=True)
    model = UntiedAutoencoder(base)
    assert [param.name for param in model.get_params()] == ["vb", "hb", "weights", "w_prime"]
    x = pt.matrix("X")
    np.testing.assert_allclose(evaluate(model.reconstruct(x), {x: X}), by_hand(base)[1])
    model.weights.set_value(np.zeros((5, 3)))
    assert base.get_weights().any()
    assert model.w_prime.get_value().any()
    with pytest.raises(ConfigError, match="with tied weights"):
        UntiedAutoencoder(autoencoder())


def test_a_stack_encodes_upwards_and_decodes_downwards(evaluate: Any) -> None:
    first = autoencoder()
    second = Autoencoder(3, 2, "tanh", None, irange=1.0, rng=5)
    stack = DeepComposedAutoencoder([first, second])
    x = pt.matrix("X")
    hidden = np.tanh(by_hand(first)[0] @ second.get_weights())
    np.testing.assert_allclose(evaluate(stack(x), {x: X}), hidden, rtol=1e-12)
    middle = hidden @ second.w_prime.get_value()
    back = expit(middle @ first.w_prime.get_value() + first.visbias.get_value())
    np.testing.assert_allclose(evaluate(stack.reconstruct(x), {x: X}), back, rtol=1e-12)
    assert stack.get_params() == first.get_params() + second.get_params()
    noisy = StackedDenoisingAutoencoder([first, second], DummyCorruptor())
    np.testing.assert_allclose(evaluate(noisy.reconstruct(x), {x: X}), back, rtol=1e-12)
    with pytest.raises(ConfigError, match=r"autoencoders\[1\] takes VectorSpace"):
        DeepComposedAutoencoder([second, first])


def test_activations_may_be_named_given_or_left_out(evaluate: Any) -> None:
    x = pt.matrix("X")
    model = autoencoder(act_enc=pt.tanh, act_dec=None)
    W, b = model.get_weights(), model.hidbias.get_value()
    np.testing.assert_allclose(evaluate(model.encode(x), {x: X}), np.tanh(X @ W + b))
    linear = autoencoder(act_enc="linear")
    np.testing.assert_allclose(evaluate(linear.encode(x), {x: X}), X @ linear.get_weights() + b)
    with pytest.raises(ConfigError, match=r"act_enc: expected a function.*got 'sigmoidal'"):
        autoencoder(act_enc="sigmoidal")
    with pytest.raises(ConfigError, match="nhid: expected an integer > 0"):
        autoencoder(nhid=0)


def test_blocks_perform_on_arrays_and_stack() -> None:
    first = autoencoder()
    second = Autoencoder(3, 2, "tanh", None, irange=1.0)
    hidden = by_hand(first)[0]
    np.testing.assert_allclose(first.perform(X), hidden, rtol=1e-12)
    stack = StackedBlocks([first, second])
    np.testing.assert_allclose(stack.perform(X), np.tanh(hidden @ second.get_weights()))
    assert len(stack(pt.matrix())) == 3
    assert isinstance(first, Block)
    assert stack.get_output_space() == second.get_output_space()


# Corruptors -----------------------------------------------------------------------------------


def noisy(corruptor: Any, data: Any, times: int = 40) -> Any:
    x = pt.matrix("X")
    run = pytensor.function([x], corruptor(x), mode="FAST_COMPILE")
    return np.array([run(data) for _ in range(times)])


FULL = np.full((20, 10), 0.5)  # 40 times 200 numbers: a share of 0.3 has standard error 0.005


def test_binomial_and_dropout_corruptors_set_a_share_to_zero() -> None:
    for corruptor, kept in ((BinomialCorruptor(0.3), 0.5), (DropoutCorruptor(0.3), 0.5 / 0.7)):
        values = noisy(corruptor, FULL)
        np.testing.assert_allclose(np.unique(values), [0.0, kept])
        assert np.mean(values == 0) == pytest.approx(0.3, abs=0.02)


def test_salt_and_pepper_sets_a_share_to_zero_or_one() -> None:
    values = noisy(SaltPepperCorruptor(0.4), FULL)
    assert sorted(np.unique(values)) == [0.0, 0.5, 1.0]
    assert np.mean(values == 0) == pytest.approx(0.2, abs=0.02)
    assert np.mean(values == 1) == pytest.approx(0.2, abs=0.02)


def test_gaussian_noise_has_its_standard_deviation() -> None:
    noise = noisy(GaussianCorruptor(0.7), FULL) - FULL
    assert noise.mean() == pytest.approx(0.0, abs=0.035)
    assert noise.std() == pytest.approx(0.7, rel=0.04)


def test_samplers_draw_from_the_probabilities_in_the_data() -> None:
    assert noisy(BinomialSampler(), FULL).mean() == pytest.approx(0.5, abs=0.025)
    rows = np.tile([0.1, 0.2, 0.7], (50, 1))
    values = noisy(MultinomialSampler(), rows)
    assert (values.sum(axis=2) == 1).all()
    np.testing.assert_allclose(values.mean(axis=(0, 1)), [0.1, 0.2, 0.7], atol=0.045)


def test_one_hot_corruptor_replaces_whole_rows() -> None:
    rows = np.tile([1.0, 0.0, 0.0, 0.0], (50, 1))
    values = noisy(OneHotCorruptor(0.4), rows)
    assert (values.sum(axis=2) == 1).all()
    # A replaced row is the old one by chance in a quarter of the cases.
    assert np.mean(values[:, :, 0]) == pytest.approx(0.6 + 0.4 / 4, abs=0.045)


def test_composed_corruptors_apply_one_after_the_other() -> None:
    values = noisy(ComposedCorruptor([BinomialCorruptor(0.3), BinomialCorruptor(0.5, rng=7)]), FULL)
    assert np.mean(values > 0) == pytest.approx(0.35, abs=0.025)
    with pytest.raises(ConfigError, match="a list of one or more"):
        ComposedCorruptor([])


def test_the_same_seed_gives_the_same_noise_and_each_call_new_noise() -> None:
    first, again = (noisy(GaussianCorruptor(1.0, rng=3), FULL, 2) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    other = noisy(GaussianCorruptor(1.0, rng=4), FULL, 1)
    assert not np.array_equal(first[0], other[0])


def test_a_list_of_inputs_gives_a_list() -> None:
    corrupted = GaussianCorruptor(1.0)([pt.matrix(), pt.matrix()])
    assert isinstance(corrupted, list)
    assert len(corrupted) == 2


def test_a_share_must_be_a_share() -> None:
    with pytest.raises(ConfigError, match=r"corruption_level must be in \[0, 1\)"):
        BinomialCorruptor(1.5)
