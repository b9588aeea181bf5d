"""docs/accuracy.md: the parts of it that are measured."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_cortexm.artefacts.layers import LayersReport
from paddle_cortexm.measure.accuracy.experiments import DEFAULT_METHOD, deployment
from paddle_cortexm.measure.accuracy.networks import NETWORKS, Network
from paddle_cortexm.measure.accuracy.results import Row, best
from paddle_cortexm.measure.accuracy.tables import layers_table, summary, tables
from paddle_cortexm.measure.common.document import fill
from paddle_cortexm.paths import BUILD_FOLDER, REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "accuracy.md"
LAYERS_OF, BEFORE = NETWORKS[0], "mse"  # the network whose layers are shown, and the method they are shown for first


def write_tables(results: Sequence[Row]) -> None:
    """Fill in the tables, of all networks but the quick ones."""
    quick = [network.name for network in NETWORKS if network.quick]
    shown = [row for row in results if row.network not in quick]
    blocks = {"summary": summary(shown), "results": tables(shown)}
    if (layers := worst_layers(LAYERS_OF, shown)) is not None:
        blocks["layers"] = layers
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8"), blocks), encoding="utf-8")


def worst_layers(network: Network, results: Sequence[Row]) -> str | None:
    """The five worst layers of method BEFORE and what became of them by the default or, where that is the same, by the
    best method; None where these are not measured, or their reports are no longer there."""
    rows = {row.method: row for row in results if row.network == network.name and not row.is_anchor}
    if BEFORE not in rows or len(rows) < 2:
        return None
    after = rows.get(DEFAULT_METHOD) if DEFAULT_METHOD != BEFORE else best(list(rows.values()))
    if after is None or after.method == BEFORE:
        return None
    folders = [BUILD_FOLDER / deployment(network, method) / "03_compile_tvm" for method in (BEFORE, after.method)]
    if not all((folder / LayersReport.file).is_file() for folder in folders):
        return None
    reports = [LayersReport.read(folder) for folder in folders]
    same = ", ".join(f"{row.method}: {row.same / row.images:.2%}" for row in (rows[BEFORE], after))
    head = f"{network.title}: `{BEFORE}`, then `{after.method}`. Same class as float: {same}."
    return f"{head}\n\n{layers_table(*reports)}"
