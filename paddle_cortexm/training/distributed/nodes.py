"""The machines that train one network together: which one leads, and by which address the others reach it."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import psutil

from paddle_cortexm.config import Train
from paddle_cortexm.errors import UserError


@dataclass(frozen=True)
class Node:
    """This machine among several. master: host:port of the leading one, by number; address, interface: this machine's
    own, towards the others; leads: whether it is the one that writes the result."""

    nodes: int
    master: str
    address: str
    interface: str
    leads: bool

    @property
    def name(self) -> str:
        """What to call the leading machine."""
        return self.master.rpartition(":")[0]


def this_node(settings: Train) -> Node | None:
    """None where one machine trains alone. The machine that has the master's address leads, so that all of them are
    started by the same command. Raises UserError when the master cannot be found, or its port is taken here."""
    if settings.nodes == 1 or settings.master is None:
        return None
    host, _, port = settings.master.rpartition(":")
    try:
        master = socket.gethostbyname(host)
    except OSError as error:
        raise UserError(f"train.master: {host}: {error.strerror}. Give a host name or IPv4 address.") from None
    address = _address_towards(master, int(port))
    if address == master:
        _check_port(master, int(port))
    return Node(settings.nodes, f"{master}:{port}", address, _interface_of(address), address == master)


def _address_towards(host: str, port: int) -> str:
    """The address that this machine's packets to the host come from; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))
        except OSError as error:
            raise UserError(f"train.master: no way to {host}: {error.strerror}. Check the network.") from None
        return str(probe.getsockname()[0])


def _interface_of(address: str) -> str:
    return next(
        name for name, entries in psutil.net_if_addrs().items() if address in [entry.address for entry in entries]
    )


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(f"train.master: port {port} of {host}: {error.strerror}. Choose another port.") from None
