"""What the architecture tests read: the files that belong to the repository, and the floors as pyproject.toml has them."""

from __future__ import annotations

import functools
import subprocess
import tomllib
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]


@functools.cache
def project() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """What is committed or about to be: new files that are not ignored count as well."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := CHECKOUT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    """Our own modules under the folders, without migrations, which Django writes."""
    roots = [CHECKOUT / folder for folder in folders]
    return [
        path
        for path in tracked_files()
        if path.suffix == ".py" and "migrations" not in path.parts and any(path.is_relative_to(root) for root in roots)
    ]


def _layers(container: str) -> list[list[str]]:
    """The layers of one contract from the highest down, each the names that stand side by side."""
    for contract in project()["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers" and contract["containers"] == [container]:
            return [
                [name.strip().strip("()") for name in layer.replace(":", "|").split("|")]
                for layer in contract["layers"]
            ]
    raise LookupError(f"pyproject.toml has no layers contract for {container}")


@functools.cache
def levels() -> dict[str, tuple[int, int]]:
    """Each app's level as (floor, place on the floor), both counted from the ground up.

    Apps on one level stand side by side and do not know each other.
    """
    found: dict[str, tuple[int, int]] = {}
    for floor, names in enumerate(reversed(_layers("milepost"))):
        for name in names:
            if name == "config":
                continue
            for place, apps in enumerate(reversed(_layers(f"milepost.{name}"))):
                found |= {f"milepost.{name}.{app}": (floor, place) for app in apps}
    return found
