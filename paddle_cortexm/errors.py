"""The exceptions a user's mistake may raise: what is wrong, where, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake in a config, an input file or the order of the stages.

    The scripts print its text without a traceback and exit with status 2.
    """


class ArenaTooSmall(UserError):
    """No memory plan stays within compile.memory.arena. Stage 3 answers it with what needs the bytes."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """A hint such as `` (did you mean 'epochs'?)``, or an empty string when nothing is close."""
    matches = difflib.get_close_matches(word, list(allowed), n=1)
    return f" (did you mean '{matches[0]}'?)" if matches else ""
