"""Which weights training ends with."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_cortexm.artefacts.training import Epoch
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.recipe.kept_weights import EarlyStopping, MovingAverage

SAME_FOR_LONG = 10_000  # steps after which the decay is the one asked for


def one_weight(value: float) -> paddle.nn.Layer:
    layer = paddle.nn.Linear(1, 1, bias_attr=False)
    set_to(layer, value)
    return layer


def set_to(layer: paddle.nn.Layer, value: float) -> None:
    layer.weight.set_value(paddle.full([1, 1], value))


def averaged(layer: paddle.nn.Layer, average: MovingAverage) -> float:
    with average.measuring():
        return layer.weight.item()


def epoch(number: int, accuracy: float) -> Epoch:
    return Epoch(epoch=number, learning_rate=0.1, loss=1.0, train_accuracy=0.5, validation_accuracy=accuracy)


def test_the_average_follows_the_weights_by_the_decay() -> None:
    layer = one_weight(0.0)
    average = MovingAverage(layer, 0.9, Group())
    average.restore({"average": layer.state_dict(), "steps": SAME_FOR_LONG})
    set_to(layer, 1.0)
    expected = 0.0
    for _ in range(3):
        average.after_step()
        expected = 0.9 * expected + 0.1
        assert averaged(layer, average) == pytest.approx(expected, rel=1e-6)
    assert layer.weight.item() == 1  # its own again once measured
    average.finish()
    assert layer.weight.item() == pytest.approx(expected, rel=1e-6)


def test_the_first_steps_count_for_more() -> None:
    layer = one_weight(0.0)
    average = MovingAverage(layer, 0.999, Group())
    set_to(layer, 1.0)
    average.after_step()
    assert averaged(layer, average) == pytest.approx(0.9)


def test_batch_norm_statistics_are_averaged_too() -> None:
    norm = paddle.nn.BatchNorm2D(2)
    average = MovingAverage(norm, 0.5, Group())
    average.restore({"average": norm.state_dict(), "steps": SAME_FOR_LONG})
    norm(paddle.ones([4, 2, 3, 3]))
    own = norm._mean.numpy().copy()
    average.after_step()
    average.finish()
    np.testing.assert_allclose(norm._mean.numpy(), own / 2, rtol=1e-6)


def test_the_first_of_the_best_epochs_is_kept_and_training_stops_when_none_is_better() -> None:
    layer = one_weight(0.0)
    stopping = EarlyStopping(layer, patience=2)
    stopped = []
    for number, accuracy in enumerate((0.5, 0.8, 0.7, 0.8), 1):
        set_to(layer, number)
        stopping.after_epoch(epoch(number, accuracy))
        stopped.append(stopping.reason_to_stop())
    assert stopped == ["", "", "", "no better validation accuracy for 2 epochs"]
    assert stopping.finish() == "kept the weights of epoch 2" and layer.weight.item() == 2


def test_the_best_epoch_of_an_average_is_kept_as_the_average_was() -> None:
    layer = one_weight(0.0)
    average, stopping = MovingAverage(layer, 0.5, Group()), EarlyStopping(layer, patience=1)
    set_to(layer, 1.0)
    average.after_step()
    with average.measuring():
        stopping.after_epoch(epoch(1, 0.5))
    average.after_step()
    average.finish()
    stopping.finish()
    assert layer.weight.item() == pytest.approx(0.9)
