"""The command itself: help, wrong usage, errors in words."""

from __future__ import annotations

import errno
import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from milepost import __version__
from milepost.foundation.common.errors import Conflict
from milepost.interfaces.cli.registry import SECTIONS, entries
from milepost.interfaces.cli.root import explained, milepost
from milepost.interfaces.cli.terminal import Terminal, speaking


def test_help_loads_neither_django_nor_any_subcommand():
    code = (
        "import sys\n"
        "from milepost.interfaces.cli.root import milepost\n"
        "milepost(['--help'], standalone_mode=False)\n"
        "heavy = [m for m in sys.modules if m.split('.')[0] in {'django', 'rich', 'gunicorn', 'structlog'}]\n"
        "assert not heavy, heavy\n"
        "assert 'milepost.interfaces.cli.serve' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for word in ("serve", "backup", "restore", "upgrade", "check"):
        assert f"  {word} " in done.stdout


def test_every_entry_that_is_there_is_a_command_that_says_what_it_is_for():
    assert {"serve", "worker", "backup", "restore", "upgrade", "check", "readers", "jobs"} <= set(entries())
    for name in entries():
        found = CliRunner().invoke(milepost, [name, "--help"])
        assert found.exit_code == 0, found.output
        assert f"Usage: milepost {name}" in found.stdout


def test_an_entry_without_its_module_is_hidden():
    absent = [name for part in SECTIONS.values() for name, entry in part.items() if not entry.is_there]
    listed = CliRunner().invoke(milepost, ["--help"]).stdout
    for name in absent:
        assert f"  {name} " not in listed
        assert CliRunner().invoke(milepost, [name]).exit_code == 2


@pytest.mark.parametrize("words", [["nonsense"], ["jobs", "again"], ["serve", "--port", "many"]])
def test_wrong_usage_is_status_2(words):
    assert CliRunner().invoke(milepost, words).exit_code == 2


def test_version():
    assert CliRunner().invoke(milepost, ["--version"]).stdout == f"milepost {__version__}\n"
    found = json.loads(CliRunner().invoke(milepost, ["version", "--json"]).stdout)
    assert found["milepost"] == __version__
    assert set(found) >= {"python", "django", "sqlite"}


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (Conflict("Someone was quicker.", "Look again."), "Someone was quicker.", "Look again."),
        (ImproperlyConfigured("MILEPOST_URL is odd."), "MILEPOST_URL is odd.", "Correct the setting"),
        (OperationalError("database or disk is full"), "disk is full", "Make room"),
        (OperationalError("no such table: x"), "no such table", "milepost upgrade"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space", "Make room"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.zip"), "a.zip: No such file", "path"),
        (RuntimeError("odd\nsecond line"), "RuntimeError: odd", "--debug"),
    ],
)
def test_errors_say_what_to_do(error, message, hint):
    refused = explained(error)
    assert message in refused.message
    assert hint in refused.hint
    assert "second line" not in refused.message


@pytest.fixture
def failing(monkeypatch):
    @click.command()
    @speaking
    def fail(terminal: Terminal) -> None:
        terminal.note("trying")
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(type(milepost), "get_command", lambda self, ctx, name: fail)


def test_an_unexpected_error_is_no_traceback(failing):
    done = CliRunner().invoke(milepost, ["fail"])
    assert done.exit_code == 1
    assert "Error: ZeroDivisionError: by zero" in done.stderr
    assert "Traceback" not in done.output
    assert done.stdout == ""


def test_debug_shows_where_it_comes_from(failing):
    done = CliRunner().invoke(milepost, ["--debug", "fail"])
    assert isinstance(done.exception, ZeroDivisionError)


def test_json_errors_are_json_too(failing):
    done = CliRunner().invoke(milepost, ["fail", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["message"] == "ZeroDivisionError: by zero"
