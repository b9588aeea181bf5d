"""The two READMEs say the same: commands, configs, sections; and they know every config there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddle_cortexm.config import Config
from paddle_cortexm.paths import CONFIG_FOLDER, REPOSITORY

READMES = ("README.md", "README.zh-CN.md")
LINK = re.compile(r"\]\((?!https?://)([^)#]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def commands(text: str) -> list[str]:
    """What is typed, without the comments behind it."""
    lines = [line for language, block in FENCE.findall(text) if language == "sh" for line in block.splitlines()]
    return [" ".join(line.split("#")[0].split()) for line in lines]


def outputs(text: str) -> list[str]:
    return [block for language, block in FENCE.findall(text) if language == "text"]


def test_both_show_the_same_commands_and_the_same_output() -> None:
    english, chinese = map(text_of, READMES)
    assert commands(english) == commands(chinese) and commands(english)
    assert outputs(english) == outputs(chinese)


def test_both_have_the_same_sections() -> None:
    english, chinese = (re.findall(r"^(#+) ", text_of(name), re.MULTILINE) for name in READMES)
    assert english == chinese


@pytest.mark.parametrize("name", READMES)
def test_every_config_stands_in_the_table(name: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", text_of(name), re.MULTILINE)
    assert sorted(rows) == sorted(path.stem for path in (REPOSITORY / CONFIG_FOLDER).glob("*.yaml"))


def test_both_link_to_the_same_files_and_say_what_is_where() -> None:
    english, chinese = ([link for link in LINK.findall(text_of(name)) if link not in READMES] for name in READMES)
    assert english == chinese
    english, chinese = (re.findall(r"^([\w./]+(?: \.\.\. \S+)?)  +\S", text_of(name), re.MULTILINE) for name in READMES)
    assert english == chinese and english


def test_the_config_keys_of_examples_exist() -> None:
    blocks = [block for language, block in FENCE.findall(text_of(READMES[0])) if language == "yaml"]
    sections = {line.split(":")[0] for block in blocks for line in block.splitlines() if re.match(r"\w+:", line)}
    assert blocks and sections <= set(Config.model_fields)
    assert Path(REPOSITORY / "configs").is_dir()
