from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict

import click

from .terminal import Terminal, speaking

MARKS = {"ok": "ok", "warning": "look", "problem": "PROBLEM"}


@click.command()
@speaking
def check(terminal: Terminal) -> None:
    """Look at everything that can go wrong, and say what to do. Changes nothing; status 1 where something is wrong."""
    from .site import start

    start()
    from .checks import Finding, findings

    found: list[Finding] = []
    for finding in findings():
        found.append(finding)
        if not terminal.json:
            click.echo(in_words([finding]))
    good = not any(one.state == "problem" for one in found)
    if terminal.json:
        terminal.answer({"ok": good, "findings": [asdict(one) for one in found]}, "")
    sys.exit(0 if good else 1)


def in_words(found: Iterable[object]) -> str:
    from .checks import Finding

    lines = []
    for one in found:
        assert isinstance(one, Finding)
        lines.append(f"{MARKS[one.state]:<8} {one.about}: {one.message}")
        if one.hint:
            lines.append(f"{'':<8} → {one.hint}")
    return "\n".join(lines)
