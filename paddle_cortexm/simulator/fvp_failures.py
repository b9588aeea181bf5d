"""Why an FVP did not start the program: what it wrote, what that means, and what to do. docs/avh.md has the sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

COMMUNITY_LICENCE = "armlm activate -product KEMDK-COM0 -server https://mdk-preview.keil.arm.com"


@dataclass(frozen=True)
class Failure:
    """wrote: matches a line of the model's; meaning: {0} is what its group matched; remedy: a sentence."""

    wrote: re.Pattern[str]
    meaning: str
    remedy: str


def _failure(wrote: str, meaning: str, remedy: str) -> Failure:
    return Failure(re.compile(wrote, re.IGNORECASE), meaning, remedy)


# The first row that matches is meant: those about how a model is loaded stand before what it says itself.
FAILURES = (
    _failure(
        r"(exec format error)",
        "it is built for another kind of processor than this machine's",
        "Archives named Linux64_armv8l or aarch64 are for AArch64 machines, the others for x86-64.",
    ),
    _failure(
        r"error while loading shared libraries: (libpython\S+):",
        "{0} is missing, the Python in it",
        "A model from 11.26 on has it in its installation's python/lib: unpack its archive again, whole, and leave the "
        "model in it. One whose archive has no such folder takes the system's: install it.",
    ),
    _failure(
        r"version `(GLIBC\S+)' not found",
        "this system is too old for it: {0} is missing",
        "Take an older release of the model, or a newer system.",
    ),
    _failure(
        r"error while loading shared libraries: ([^\s:]+):",
        "{0} is missing on this machine",
        "Install the package that has it: apt-file search finds it.",
    ),
    _failure(
        r"(cannot enable executable stack)",
        "a library of it asks for an executable stack, which glibc refuses from 2.41 on",
        "Export GLIBC_TUNABLES=glibc.rtld.execstack=2 (it is set for the model unless you set this tunable yourself).",
    ),
    _failure(
        r"(fatal python error: init|no module named 'encodings')",
        "the Python inside it does not find its library, which PYTHONHOME names",
        "A model from 11.26 on has it in its installation's python folder: unpack its archive again, whole. One whose "
        "archive has no such folder takes the system's: install it.",
    ),
    _failure(
        r"(licen[cs]e error|licensing error"
        r"|licen[cs]e.*(?:denied|expired|failed|not be found|not found|invalid)"
        r"|(?:fail\w*|cannot|could not|unable) to check ?out .*licen[cs]e|no (?:valid )?licen[cs]e)",
        "it has no licence",
        f"Models of Arm Virtual Hardware need a user-based one: {COMMUNITY_LICENCE} (evaluation and non-commercial "
        f"use), or the server in ARMLMD_LICENSE_FILE. Arm's Ecosystem FVPs need none.",
    ),
    _failure(
        r"(unknown parameter.*|parameter\b.*\b(?:not found|does not exist|unknown).*|no such parameter.*)",
        "it does not know a parameter that it is given: {0}",
        "--print-command shows them, its own option --list-params what it has. Take the release docs/avh.md names.",
    ),
)


def reason(wrote: str) -> str | None:
    """What the model's output means and what to do, two sentences; None where nothing is recognised."""
    for failure in FAILURES:
        if found := failure.wrote.search(wrote):
            return f"{failure.meaning.format(found[1].strip())}. {failure.remedy}"
    return None
