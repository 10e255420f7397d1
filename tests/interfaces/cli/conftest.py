from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from milepost.interfaces.cli.root import milepost


@pytest.fixture
def command() -> Callable[..., Result]:
    """The command in this process, on the test's database: `command("jobs", "list")`."""

    def run(*words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(milepost, [str(word) for word in words], input=given)

    return run


@pytest.fixture
def answer(command: Callable[..., Result]) -> Callable[..., Any]:
    """What a command that succeeds says with `--json`; nothing else may be on standard output."""

    def run(*words: str, given: str | None = None) -> Any:
        done = command(*words, "--json", given=given)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run
