"""Several machines, played by network namespaces of their own: one leads, the others help and stop with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from paddle_cortexm.artefacts.training import TrainingMetrics
from paddle_cortexm.config import Config, Train
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.training.distributed.nodes import this_node

LEADS, HELPS = f"leads-{os.getpid()}", f"helps-{os.getpid()}"  # namespaces and interfaces, of this run of the tests
HOSTS = {LEADS: "10.213.7.1", HELPS: "10.213.7.2"}
PORT = 8090
COMMANDS = (
    "ip netns add {0}",
    "ip netns add {1}",
    "ip link add {0} netns {0} type veth peer name {1} netns {1}",
    "ip -n {0} addr add {2}/24 dev {0}",
    "ip -n {1} addr add {3}/24 dev {1}",
    "ip -n {0} link set {0} up",
    "ip -n {1} link set {1} up",
    "ip -n {0} link set lo up",
    "ip -n {1} link set lo up",
)
VALUES: dict[str, Any] = {
    "model": {"backbone": "PPLCNet_x0_25", "image_size": 32},
    "data": {"train_images": 96, "validation_images": 20, "calibration_images": 16},
    "train": {
        "epochs": 2,
        "batch_size": 16,
        "optimiser": "adamw",
        "learning_rate": 0.003,
        "warmup_epochs": 0,
        "nodes": 2,
        "master": f"{HOSTS[LEADS]}:{PORT}",
    },
}


@pytest.fixture
def hosts() -> Iterator[None]:
    """Two network namespaces with a wire between them."""
    if shutil.which("ip") is None:
        pytest.skip("no network namespaces here: no ip (iproute2)")
    try:
        for command in COMMANDS:
            words = command.format(*HOSTS, *HOSTS.values()).split()
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"no network namespaces here: {command}: {done.stderr.strip()}")
        yield
    finally:
        for name in HOSTS:
            left = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
            for process in left.stdout.split():
                os.kill(int(process), signal.SIGKILL)
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def start(host: str, home: Path, values: dict[str, Any] = VALUES) -> subprocess.Popen[str]:
    """Stage 1 on one of the hosts, with a configs/ and build/ of its own."""
    (home / "configs").mkdir(parents=True)
    (home / "configs" / "small.yaml").write_text(yaml.safe_dump(values))
    script = [sys.executable, str(REPOSITORY / "01_finetune.py"), "--config", "small", "--quiet"]
    return subprocess.Popen(
        ["ip", "netns", "exec", host, *script],
        env=os.environ | {"PADDLE_CORTEXM_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_machines_train_one_model_and_the_leading_one_has_it(hosts: None, tmp_path: Path) -> None:
    helps, leads = (start(host, tmp_path / host) for host in reversed(HOSTS))
    said, led = helps.communicate()[0], leads.communicate()[0]
    assert (helps.returncode, leads.returncode) == (0, 0), said + led
    assert f"done: the result is on {HOSTS[LEADS]}" in said
    assert not (tmp_path / HELPS / "build").exists()
    epochs = TrainingMetrics.read(tmp_path / LEADS / "build" / "small" / "01_finetune").epochs
    assert len(epochs) == 2 and epochs[1].loss < epochs[0].loss


def test_a_machine_with_another_config_is_told_so(hosts: None, tmp_path: Path) -> None:
    other = VALUES | {"train": VALUES["train"] | {"learning_rate": 0.1}}
    helps, leads = start(HELPS, tmp_path / "b", other), start(LEADS, tmp_path / "a")
    assert "error: the config or the images here are not those of the leading machine" in helps.communicate()[0]
    leads.communicate()
    assert helps.returncode == leads.returncode == 2


@pytest.mark.parametrize("number", [0, 1], ids=["leads", "helps"])
def test_a_machine_that_is_gone_ends_the_others_with_an_error(hosts: None, tmp_path: Path, number: int) -> None:
    gone = list(HOSTS)[number]
    long = VALUES | {"train": VALUES["train"] | {"epochs": 1000}}
    machines = {host: start(host, tmp_path / host, long) for host in HOSTS}
    checkpoint = tmp_path / LEADS / "build" / "small" / ".01_finetune.checkpoint" / "checkpoint.pdparams"
    while not checkpoint.exists() and machines[gone].poll() is None:
        time.sleep(0.1)
    machines[gone].kill()  # its launcher and its training process are to end by themselves
    machines[gone].wait()
    left = next(machine for host, machine in machines.items() if host != gone)
    said = left.communicate()[0]
    assert left.returncode == 2 and "Start the same command again, on every machine" in said


def test_the_machine_that_has_the_masters_address_leads() -> None:
    node = this_node(Train(nodes=2, master="127.0.0.1:45678"))
    assert node is not None and node.leads and node.interface == "lo"


def test_a_master_that_has_no_address_is_an_error() -> None:
    with pytest.raises(UserError, match=r"train\.master: no\.such\.host\.invalid: .*Give a host name"):
        this_node(Train(nodes=2, master="no.such.host.invalid:8090"))


def test_several_machines_need_a_master() -> None:
    with pytest.raises(ValueError, match=r"train\.nodes 2 needs train\.master"):
        Config.model_validate({"name": "x", "model": {"backbone": "x"}, "train": {"nodes": 2}})
