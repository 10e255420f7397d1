"""Nothing in the repository is about one machine: no registry's address, no path of somebody's checkout or home."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source import CHECKOUT, tracked_files

# Put together here, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("crates", "io"),
    )
]
SOMEBODYS_HOME = re.compile(r"(?<![\w.-])/(?:home|Users)/[a-z][\w.-]*/")
REQUIREMENTS = re.compile(r"^(?!\s*#).*(?:https?://|--(?:extra-)?index-url|--find-links)", re.MULTILINE)


def machine_paths() -> list[str]:
    """This checkout, what lies beside it, and this user's home; a folder right below / is too short a name to look for."""
    candidates = [CHECKOUT, CHECKOUT.parent / "shared", Path.home()]
    return [f"{path}/" for path in candidates if len(path.parts) > 2 or path == Path.home()]


def wrongs(text: str) -> list[str]:
    found = [host for host in REGISTRIES if host in text]
    found += [path for path in machine_paths() if re.search(rf"(?<![\w.]){re.escape(path)}", text)]
    found += SOMEBODYS_HOME.findall(text)
    return found


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            found.append((path, content.decode("utf-8", "replace")))
    return found


def test_no_address_of_a_registry_and_no_path_of_a_machine():
    files = texts()
    assert len(files) > 50
    found = [f"{path.relative_to(CHECKOUT)}: {wrong}" for path, text in files for wrong in wrongs(text)]
    assert not found, "\n".join(found)


def test_requirements_name_no_registry():
    files = sorted((CHECKOUT / "requirements").glob("*.*"))
    assert len(files) > 6
    found = [path.name for path in files if REQUIREMENTS.search(path.read_text())]
    assert not found


def test_what_is_locked_carries_hashes():
    for path in (CHECKOUT / "requirements").glob("*.txt"):
        entries = re.split(r"^(?=[a-z0-9])", path.read_text(), flags=re.MULTILINE)[1:]
        assert entries, path.name
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == [], path.name


@pytest.mark.parametrize(
    "text",
    ["fetch " + REGISTRIES[0] + "/simple", f"open {CHECKOUT}/milepost", "cd /" + "home/ada/milepost"],
)
def test_what_counts_as_about_one_machine(text):
    assert wrongs(text)


def test_an_operators_path_is_no_machine_path():
    assert wrongs("ReadWritePaths=/var/lib/milepost /opt/milepost/bin") == []
