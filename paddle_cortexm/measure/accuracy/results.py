"""results.json: a row a network and method, with what chance may have made of it."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_cortexm.artefacts.artefact import Part
from paddle_cortexm.measure.accuracy.experiments import METHODS
from paddle_cortexm.measure.accuracy.networks import NETWORKS
from paddle_cortexm.report.paired import Interval, Paired

ANCHOR = "ONNX Runtime"  # what the methods that are not ours begin with


class Row(Part):
    """network: its name; float_right, right: images that the float and the integer model get right; lost, won: those
    that only the one or only the other does; same: with the same class. The intervals are of 95 %, p is McNemar's
    (report/paired.py). target_frames: how many images ran on the simulator, target_equal: with the host's bits. The
    anchor has neither."""

    network: str
    method: str
    images: int
    float_right: int
    right: int
    lost: int
    won: int
    same: int
    difference_interval: Interval
    p_value: float
    same_interval: Interval
    target_frames: int = 0
    target_equal: int = 0

    @staticmethod
    def of(network: str, method: str, paired: Paired) -> Row:
        return Row(
            network=network,
            method=method,
            images=paired.images,
            float_right=paired.before,
            right=paired.after,
            lost=paired.lost,
            won=paired.won,
            same=paired.same,
            difference_interval=paired.difference_interval,
            p_value=paired.p_value,
            same_interval=paired.same_interval,
        )

    @property
    def is_anchor(self) -> bool:
        return self.method.startswith(ANCHOR)


def with_row(results: Sequence[Row], row: Row) -> list[Row]:
    """The results with this row in place of an earlier one of the same network and method: networks and methods in
    their usual order, the anchor's rows last."""
    by_name = {
        (r.network, r.method): r for r in (*results, row)
    }  # a known one keeps its place: the anchor's have no order
    networks, methods = [network.name for network in NETWORKS], list(METHODS)
    return sorted(
        (r for r in by_name.values() if r.network in networks and (r.is_anchor or r.method in methods)),
        key=lambda r: (networks.index(r.network), len(methods) if r.is_anchor else methods.index(r.method)),
    )


def best(rows: Sequence[Row]) -> Row:
    """The row with most images right; of equal ones that with most of the float model's classes. Raises ValueError
    without a row."""
    return max(rows, key=lambda row: (row.right, row.same))
