"""The contracts in pyproject.toml are kept. This runs them where somebody runs pytest and not the gate."""

import subprocess
import sys

from tests.architecture.source import CHECKOUT, levels


def test_imports_go_down_only(tmp_path):
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--cache-dir", str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_levels_follow_the_contracts():
    level = levels()
    assert level["milepost.foundation.common"] == (0, 0)
    assert level["milepost.foundation.activity"] > level["milepost.foundation.identity"]
    assert level["milepost.domain.people"] > level["milepost.foundation.search"]
    assert level["milepost.interfaces.web"] == level["milepost.interfaces.cli"]
