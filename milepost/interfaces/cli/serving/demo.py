"""The demo community, where it is asked for."""

from __future__ import annotations

from django.conf import settings

from milepost.foundation.identity.models import Community
from milepost.outward.starting.demo import loading

from ..terminal import Terminal


def load_demo(terminal: Terminal, *, only_first_time: bool) -> None:
    """Where it was asked for by name, the loader's refusal on a production site is told; the first time passes it over."""
    if loading.is_loaded() or (only_first_time and (settings.PRODUCTION or Community.objects.exists())):
        return
    terminal.note("Loading the demo community, this once.")
    with terminal.progress("Demo community") as report:
        loading.load(progress=report)


def sign_ins() -> list[tuple[str, str, str]]:
    """(name, mail, password) of those who can sign in to try it; nobody where the demo is not loaded."""
    return list(loading.sign_ins()) if loading.is_loaded() else []
