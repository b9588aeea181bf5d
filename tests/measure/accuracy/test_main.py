"""make accuracy as a user meets it: what is absent is left out and named, what is wrong is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.measure.accuracy.__main__ import main, rows
from paddle_cortexm.measure.accuracy.networks import NETWORKS, Network

ABSENT = [network for network in NETWORKS if not network.quick]


@pytest.mark.parametrize("network", ABSENT, ids=lambda network: network.name)
def test_a_network_without_its_data_is_left_out_and_said_to_be(
    network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(rows(network, tmp_path, ["mse"], 0)) == []
    said = capsys.readouterr().out
    assert f"{network.title}: left out" in said and all(str(path) in said for path in network.needs(tmp_path))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["nowhere"], "nowhere: no such folder"),
        ([".", "--methods", "msee"], "--methods: no 'msee'.*mse"),
        ([".", "--networks", "pplcnet_digits"], "--networks: no 'pplcnet_digits'"),
        (["digits", "--networks", "pplcnet_pages"], "There are: pplcnet_digits; mobilenetv2_digits"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_an_error(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["accuracy", *arguments])
    with pytest.raises(UserError, match=message):
        main()
