"""`scripts/bootstrap`, with programs that only write down how they were called: nothing is fetched or installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

# Stands for a Python that works. It makes an environment whose programs stand for Python, pip and uv.
WORKING = """#!/bin/sh
echo "$(basename "$0") $*" | head -n 1 >> "$CALLS"
case "$1 $2" in
"-m venv")
    mkdir -p "$3/bin" "$3/site"
    cp "$0" "$3/bin/python"
    printf '#!/bin/sh\\necho "uv $*" >> "$CALLS"\\n' > "$3/bin/uv"
    cp "$3/bin/uv" "$3/bin/pip"
    chmod +x "$3/bin/uv" "$3/bin/pip" ;;
"-c "*sysconfig*) echo "$PWD/.venv/site" ;;
esac
"""
# What pyenv puts on PATH for a version that is installed but not chosen.
STANDIN = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"


class Machine:
    """A checkout with nothing but scripts and requirements, and a PATH with the programs that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "a checkout"
        self.home = folder / "home"
        self.calls_file = folder / "calls"
        self.path = folder / "bin"
        for path in (self.checkout, self.home, self.path):
            path.mkdir()
        shutil.copytree(CHECKOUT / "scripts", self.checkout / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(CHECKOUT / "requirements", self.checkout / "requirements")
        for name in ("awk", "basename", "cat", "chmod", "cksum", "cp", "cut", "dirname", "head", "mkdir", "rm"):
            self.link(name)
        for name in ("sed", "sh", "sort"):
            self.link(name)

    def link(self, name: str) -> None:
        found = shutil.which(name)
        assert found is not None
        (self.path / name).symlink_to(found)

    def program(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def bootstrap(self, *layers: str, **env: str) -> subprocess.CompletedProcess[str]:
        settings = {"PATH": str(self.path), "HOME": str(self.home), "CALLS": str(self.calls_file), **env}
        command = [str(self.checkout / "scripts" / "bootstrap"), *layers]
        return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=300)

    def calls(self, word: str) -> list[str]:
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [line for line in lines if word in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_python_it_says_what_to_do(machine):
    if any(
        os.access(f"{prefix}/python@3.13/bin/python3", os.X_OK) for prefix in ("/opt/homebrew/opt", "/usr/local/opt")
    ):
        pytest.skip("Homebrew's Python is found wherever HOME is")
    done = machine.bootstrap("core")
    assert done.returncode == 1
    assert "no Python of 3.12 or newer was found" in done.stderr
    assert "pyenv install 3.13" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_a_stand_in_is_passed_over(machine):
    machine.program(machine.path / "python3.13", STANDIN)
    machine.program(machine.path / "python3.12", WORKING)
    done = machine.bootstrap("core")
    assert done.returncode == 0, done.stderr
    assert machine.calls("-m venv") == ["python3.12 -m venv .venv"]


def test_the_newest_of_pyenvs_pythons_is_taken(machine):
    machine.program(machine.path / "python3.13", STANDIN)
    for version in ("3.9.18", "3.12.1", "3.13.11", "3.13.2"):
        machine.program(machine.home / ".pyenv" / "versions" / version / "bin" / "python3", WORKING)
    done = machine.bootstrap("core")
    assert done.returncode == 0, done.stderr
    assert "/3.13.11/bin/python3" in done.stderr


def test_uvs_python_is_found(machine):
    folder = machine.home / ".local" / "share" / "uv" / "python" / "cpython-3.13.1-linux-x86_64-gnu"
    machine.program(folder / "bin" / "python3", WORKING)
    assert machine.bootstrap("core").returncode == 0
    assert machine.calls("-m venv")


def test_a_named_python_that_does_not_work_is_an_error(machine):
    machine.program(machine.path / "python3.13", WORKING)
    done = machine.bootstrap("core", MILEPOST_PYTHON="/nowhere/python3")
    assert done.returncode == 1
    assert "MILEPOST_PYTHON=/nowhere/python3" in done.stderr


def test_hashes_are_required_and_downloads_of_python_are_off(machine):
    machine.program(machine.path / "python3.13", WORKING)
    machine.bootstrap("core", "insight")
    [pip] = machine.calls("-m pip install")
    assert "--require-hashes -r requirements/bootstrap.txt" in pip
    [sync] = machine.calls("uv pip sync")
    assert "--require-hashes" in sync
    assert sync.endswith("requirements/core.txt requirements/insight.txt")


def test_nothing_is_done_twice(machine):
    machine.program(machine.path / "python3.13", WORKING)
    machine.bootstrap("core")
    before = machine.calls("")
    again = machine.bootstrap("core")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert machine.calls("") == before


def test_layers_add_up(machine):
    machine.program(machine.path / "python3.13", WORKING)
    machine.bootstrap("dev")
    machine.bootstrap("core")
    machine.bootstrap("dev")
    syncs = machine.calls("uv pip sync")
    assert [sync.partition("requirements")[2] for sync in syncs] == [
        "/dev.txt",
        "/core.txt requirements/dev.txt",
    ]


def test_a_changed_requirement_is_installed(machine):
    machine.program(machine.path / "python3.13", WORKING)
    machine.bootstrap("core")
    with (machine.checkout / "requirements" / "core.txt").open("a") as file:
        file.write("# changed\n")
    machine.bootstrap("core")
    assert len(machine.calls("uv pip sync")) == 2
    assert len(machine.calls("-m venv")) == 1


def test_a_failed_installation_is_tried_again(machine):
    machine.program(machine.path / "python3.13", WORKING)
    machine.bootstrap("core")
    with (machine.checkout / "requirements" / "core.txt").open("a") as file:
        file.write("# changed\n")
    uv = machine.checkout / ".venv" / "bin" / "uv"
    works = uv.read_text()
    machine.program(uv, "#!/bin/sh\nexit 2\n")
    failed = machine.bootstrap("core")
    assert failed.returncode == 1
    assert "Run the same command again" in failed.stderr
    machine.program(uv, works)
    assert machine.bootstrap("core").returncode == 0
    assert len(machine.calls("uv pip sync")) == 2


def test_a_moved_checkout_makes_its_environment_anew(machine):
    machine.program(machine.path / "python3.13", WORKING)
    machine.bootstrap("core")
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("elsewhere"))
    assert machine.bootstrap("core").returncode == 0
    assert len(machine.calls("-m venv")) == 2


def test_an_unknown_layer_is_named(machine):
    done = machine.bootstrap("everything")
    assert done.returncode == 1
    assert "no layer 'everything' (core, insight, dev)" in done.stderr


def test_the_command_bears_a_path_with_a_space(machine):
    machine.program(machine.path / "python3.13", WORKING)
    machine.bootstrap("core")
    done = subprocess.run(
        [machine.checkout / ".venv" / "bin" / "milepost", "serve", "--port", "8001"],
        env={"PATH": str(machine.path), "CALLS": str(machine.calls_file)},
    )
    assert done.returncode == 0
    assert machine.calls("serve --port 8001")
