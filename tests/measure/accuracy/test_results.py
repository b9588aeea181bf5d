"""Rows of results.json: read back as written, one a network and method, in the usual order."""

from __future__ import annotations

import json

from paddle_cortexm.measure.accuracy.results import Row, best, with_row
from tests.measure.accuracy.rows import row


def test_a_row_is_read_back_as_it_was_written() -> None:
    assert Row.model_validate(json.loads(json.dumps(row().model_dump()))) == row()


def test_a_new_row_takes_the_place_of_the_same_network_and_method_only() -> None:
    others, better = [row("auto"), row(network="mobilenetv2_cifar10")], row(won=9)
    merged = with_row([row(), *others], better)
    assert merged.count(better) == 1 and row() not in merged and all(other in merged for other in others)


def test_rows_stand_in_the_order_of_networks_and_methods_with_the_anchor_last() -> None:
    rows = [row("ONNX Runtime, MinMax"), row("auto"), row(network="mobilenetv2_imagenet"), row("avg")]
    assert [(r.network, r.method) for r in with_row(rows, row())] == [
        ("mobilenetv2_imagenet", "mse"),
        ("pplcnet_cifar10", "avg"),
        ("pplcnet_cifar10", "mse"),
        ("pplcnet_cifar10", "auto"),
        ("pplcnet_cifar10", "ONNX Runtime, MinMax"),
    ]


def test_the_settings_of_the_anchor_keep_their_order() -> None:
    anchors = [row("ONNX Runtime, MinMax"), row("ONNX Runtime, Entropy")]
    assert with_row(anchors, row())[1:] == anchors
    again = row("ONNX Runtime, MinMax", won=9)
    assert with_row(anchors, again) == [again, anchors[1]]


def test_rows_of_a_network_or_method_that_is_no_more_are_dropped() -> None:
    assert with_row([row("magic"), row(network="alexnet")], row()) == [row()]


def test_the_best_row_has_most_images_right_then_most_of_the_same_class() -> None:
    rows = [row("abs_max", same=399), row("avg", won=3, same=370), row("mse", won=3, same=380)]
    assert best(rows).method == "mse"
