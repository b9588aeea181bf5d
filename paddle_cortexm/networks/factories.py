"""Factories: what builds a network, by the name that a config gives; PaddleClas's and those of networks/own/.

Which keywords a factory takes is found where they are declared: in its own signature and in those of the network's
class, which most factories hand their keywords on to. PaddleClas swallows unknown ones without a word.
"""

from __future__ import annotations

import copy
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import paddle

from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.networks import paddleclas
from paddle_cortexm.networks.own import OWN

MODEL, TEACHER = "model", "train.teacher"  # the config's sections that name a network
CLASS_KEYWORDS = ("class_num", "class_dim", "num_classes")  # what factories call the number of classes
RESERVED = ("self", "pretrained", "use_ssld", *CLASS_KEYWORDS)  # never a config's to give


class UnknownKeyword(Exception):
    """A keyword that the factory does not take."""


@dataclass(frozen=True)
class Factory:
    """What builds a network. arguments: the config's; section: of the config, for messages."""

    name: str
    make: Callable[..., paddle.nn.Layer]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    section: str = MODEL

    def network(self, seed: int, **classes: int) -> paddle.nn.Layer:
        """A network, initialised from the seed; parameter names do not depend on what was built before. classes: one of
        CLASS_KEYWORDS and the number. Raises UnknownKeyword for another than the factory's, UserError for arguments
        that it does not take."""
        paddle.seed(seed)
        try:
            network = self._made({**self.arguments, **classes})
        except Exception as error:  # a factory raises whatever its code does with these values
            if isinstance(error, TypeError) and any(f"'{keyword}'" in str(error) for keyword in classes):
                raise UnknownKeyword(*classes) from None
            raise self._mistake(f"{self.name} cannot be built ({error})") from None
        known = self._keywords_with(type(network))
        for name in self.arguments:
            if name not in known:
                raise self._mistake(f"{self.name} does not take '{name}'{nearest(name, known)}", known)
        return network

    def keywords(self) -> list[str]:
        """Names of the arguments that it takes."""
        try:
            return self._keywords_with(type(self._made({})))
        except Exception:  # one that cannot be built without arguments
            return self._keywords_with()

    def _made(self, arguments: Mapping[str, Any]) -> paddle.nn.Layer:
        # UniFormer would fetch weights unless told not to.
        plain = {"pretrained": False} if "pretrained" in inspect.signature(self.make).parameters else {}
        with paddle.utils.unique_name.guard(), unchanged(sys.modules[self.make.__module__]):
            return self.make(**plain, **copy.deepcopy(dict(arguments)))

    def _mistake(self, problem: str, known: list[str] | None = None) -> UserError:
        given = f" with {dict(self.arguments)}" if self.arguments else ""
        takes = ", ".join(self.keywords() if known is None else known) or "none"
        return UserError(f"{self.section}.arguments: {problem}{given}. It takes: {takes}")

    def _keywords_with(self, *classes: type[paddle.nn.Layer]) -> list[str]:
        """Names of what the factory and the classes' constructors take, without what the factory gives itself."""
        own = _parameters(self.make)
        given = set(re.findall(r"(\w+)\s*=(?!=)", inspect.getsource(self.make))) - set(own)
        inherited = [name for kind in classes for name in _constructor_parameters(kind) if name not in given]
        return [name for name in dict.fromkeys([*own, *inherited]) if name not in RESERVED]


def factory_named(name: str, arguments: Mapping[str, Any] | None = None, section: str = MODEL) -> Factory:
    """The factory of this name. Raises UserError for an unknown one, with the nearest."""
    known = {**paddleclas.factories(), **OWN}
    if name not in known:
        alike = [other for other in known if other.lower().startswith(name.lower()[:6])]
        some = f" Of that kind: {', '.join(alike)}." if alike else ""
        raise UserError(
            f"{section}.backbone: no '{name}'{nearest(name, known)}.{some} Allowed: the {len(known) - len(OWN)} "
            f"backbones of PaddleClas (ppcls.arch.backbone), {', '.join(OWN)}"
        )
    return Factory(name, known[name], dict(arguments or {}), section)


@contextmanager
def unchanged(module: ModuleType) -> Iterator[None]:
    """Tables of the module are afterwards what they were before: PPLCNet writes its strides into NET_CONFIG."""
    tables = {
        name: copy.deepcopy(value)
        for name, value in vars(module).items()
        if isinstance(value, dict | list) and not name.startswith("__")
    }
    try:
        yield
    finally:
        vars(module).update(tables)


def _parameters(function: Callable[..., Any]) -> list[str]:
    """Names of what a function takes, without `**kwargs` and the like."""
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [name for name, given in inspect.signature(function).parameters.items() if given.kind not in kinds]


def _constructor_parameters(kind: type[paddle.nn.Layer]) -> list[str]:
    """Names of what a class's constructor and those it hands keywords on to take."""
    names: list[str] = []
    for base in kind.__mro__:
        if "__init__" in vars(base):
            names += _parameters(vars(base)["__init__"])
            kinds = [given.kind for given in inspect.signature(vars(base)["__init__"]).parameters.values()]
            if inspect.Parameter.VAR_KEYWORD not in kinds:
                break
    return names
