"""What service files and documentation tell operators to type is what the command understands."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from milepost.interfaces.cli.root import milepost
from tests.sites import CHECKOUT

PAGES = sorted((CHECKOUT / "docs" / "operators").glob("*.md"))
UNITS = sorted((CHECKOUT / "packaging" / "systemd").glob("*"))


def commands(path: Path) -> set[str]:
    """Everything after `milepost` in code: in blocks, in back quotes, in service files."""
    text = path.read_text()
    if path.suffix == ".md":
        blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
        quoted = re.findall(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        text = "\n".join([*blocks, *quoted])
    # Where a command stands: at the beginning of a line, behind variables that are set for it.
    found = re.findall(r"^(?:Exec\w+=)?(?:[A-Z_]+=\S+ )*(?:/\S+/)?milepost ((?:--)?[a-z][^\n|]*)", text, re.MULTILINE)
    return {words.strip() for words in found}


def wrong_with(words: str) -> str:
    """Which subcommand or option is not there; values are not looked at. Empty where all are."""
    command: click.Command = milepost
    context = click.Context(milepost, info_name="milepost")
    options: set[str] = {name for param in milepost.params for name in param.opts} | {"--help", "--version"}
    for word in shlex.split(words):
        if word.startswith("-") and word != "-":
            if word.partition("=")[0] not in options:
                return f"{word} is no option of milepost {words}"
        elif isinstance(command, click.Group):
            if word in {"…", "FOLDER", "COMMAND"}:
                continue
            found = command.get_command(context, word)
            if found is None:
                return f"{word} is no command: milepost {words}"
            command = found
            options |= {name for param in command.params for name in param.opts}
    return ""


@pytest.mark.parametrize("path", [*PAGES, *UNITS], ids=lambda path: path.name)
def test_what_operators_are_told_to_type(path):
    assert [wrong for words in commands(path) if (wrong := wrong_with(words))] == []


def test_enough_is_told_to_mean_something():
    told = {words.split()[0] for path in [*PAGES, *UNITS] for words in commands(path)}
    assert {"serve", "worker", "upgrade", "backup", "restore", "check", "community", "account", "jobs"} <= told


@pytest.mark.parametrize("words", ["serve --prot 8000", "backups x", "readers forward"])
def test_what_is_not_understood(words):
    assert f"milepost {words}" in wrong_with(words)


def test_every_setting_is_documented():
    settings = (CHECKOUT / "milepost" / "config" / "settings.py").read_text()
    names = {f"MILEPOST_{name}" for name in re.findall(r'\benv\.\w+\("(\w+)"', settings)} | {
        "MILEPOST_HOME",
        "DATABASE_URL",
    }
    page = (CHECKOUT / "docs" / "operators" / "settings.md").read_text()
    # Set by the command itself for its own children.
    assert sorted(name for name in names - {"MILEPOST_PROCESS"} if f"`{name}`" not in page) == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_understands_the_units(tmp_path):
    for unit in UNITS:
        text = unit.read_text().replace("/opt/milepost/bin/milepost", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())], capture_output=True, text=True, check=False
    )
    about_ours = [line for line in done.stderr.splitlines() if "milepost" in line]
    assert about_ours == []
