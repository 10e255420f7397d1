"""The demo community, where it is asked for. Its loader stands on a floor of its own and is looked up by name."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ..terminal import Terminal

LOADING = "milepost.outward.starting.demo.loading"
"""Has `load(progress=...)`, `is_loaded()`, and `sign_ins()` with (name, mail, password) for each."""


def load_demo(terminal: Terminal, *, only_first_time: bool) -> None:
    loading = _loading()
    if loading is None:
        terminal.note("This installation has no demo community to load.")
        return
    if loading.is_loaded() or (only_first_time and _has_communities()):
        return
    terminal.note("Loading the demo community, this once.")
    with terminal.progress("Demo community") as report:
        loading.load(progress=report)


def sign_ins() -> list[tuple[str, str, str]]:
    """(name, mail, password) of those who can sign in to try it; nobody where the demo is not loaded."""
    loading = _loading()
    return list(loading.sign_ins()) if loading is not None and loading.is_loaded() else []


def _loading() -> Any:
    try:
        return import_module(LOADING) if find_spec(LOADING) else None
    except ModuleNotFoundError:
        return None


def _has_communities() -> bool:
    from milepost.foundation.identity.models import Community

    return Community.objects.exists()
