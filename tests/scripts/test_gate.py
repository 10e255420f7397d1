"""`scripts/gate`: it says what it ran, and its exit code tells whether all held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

pytestmark = pytest.mark.skipif(
    Path(sys.prefix).resolve() != (CHECKOUT / ".venv").resolve(), reason="the gate runs in the checkout's own .venv"
)


FORMAT = '"ruff", "format", "--check", "--output-format", "concise", "."'
LINT = '"ruff", "check", "--output-format", "concise", "."'


def gate(folder: Path, *words: str, format_option: str = "--version") -> subprocess.CompletedProcess[str]:
    """Run the gate with its two quickest sections made certain to hold, or to fail for an unknown option."""
    text = (CHECKOUT / "scripts" / "gate").read_text()
    for old, new in (
        ("Path(__file__).resolve().parents[1]", f"Path({str(CHECKOUT)!r})"),
        ('ROOT / ".cache" / "gate"', f"Path({str(folder / 'cache')!r})"),
        (FORMAT, f'"ruff", "{format_option}"'),
        (LINT, '"ruff", "--version"'),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    copy = folder / "gate"
    copy.write_text(text)
    return subprocess.run([sys.executable, str(copy), *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_sections_are_reported_and_summed_up(tmp_path):
    done = gate(tmp_path, "format", "lint")
    assert done.returncode == 0, done.stdout
    assert "== format == ok" in done.stdout
    assert "== lint == ok" in done.stdout
    assert done.stdout.rstrip().endswith("Everything holds.")


def test_one_failure_fails_the_gate_and_the_rest_still_runs(tmp_path):
    done = gate(tmp_path, "format", "lint", format_option="--no-such-option")
    assert done.returncode == 1
    assert "== format == FAILED" in done.stdout
    assert "--no-such-option" in (tmp_path / "cache" / "format.log").read_text()
    assert "== lint == ok" in done.stdout
    assert "Failed: format" in done.stdout


def test_an_unknown_section_is_named(tmp_path):
    done = gate(tmp_path, "nonsense")
    assert done.returncode == 2
    assert "there is no section nonsense" in done.stderr
