"""Files of votes: Pabulib's `.pb`, PrefLib's `.soc .soi .toc .toi`, and profiles of cast-vote records."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..counting.ballots import Election
from ..counting.budgets import Budgeting
from .malformed import Malformed

__all__ = ["Malformed", "read", "sha256"]

ENDINGS = (".pb", ".soc", ".soi", ".toc", ".toi", ".profile", ".profile.csv")


def read(path: Path, *, lenient: bool = False) -> Election | Budgeting:
    """What the file holds, by its ending. Raises Malformed with the line and what was expected there.

    `lenient` takes a file whose own counts (voters, projects) do not agree with its rows, and notes the difference.
    """
    from . import pabulib, preflib, profiles

    name, content = path.name.lower(), path.read_bytes()
    if name.endswith(".pb"):
        return pabulib.read(content, path.name, lenient=lenient)
    if name.endswith((".soc", ".soi", ".toc", ".toi")):
        return preflib.read(content, path.name, lenient=lenient)
    if name.endswith((".profile", ".profile.csv", ".csv")):
        return profiles.read(content, path.name)
    raise Malformed(
        path.name, None, f"the ending {path.suffix or 'of the name'!r} is none of a file of votes", " ".join(ENDINGS)
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
