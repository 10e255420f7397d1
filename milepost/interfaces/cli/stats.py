from __future__ import annotations

import click

from .site import open_database
from .terminal import Terminal, in_columns, speaking

LABELS = {
    "people": "People",
    "members": "of whom members with a sign-in",
    "channels": "Spaces",
    "threads": "Conversations",
    "messages": "Messages",
    "reactions": "Reactions",
    "activities": "Activities in the log",
    "first_at": "First",
    "last_at": "Last",
}


@click.command()
@click.option("--community", "slug", required=True, help="The community's short name.")
@speaking
def stats(terminal: Terminal, slug: str) -> None:
    """Count what is stored of a community: people, spaces, conversations, messages, reactions, activities."""
    open_database(terminal)
    from milepost.outward.connectors.counting import stats as count

    from .communities import find

    counts = count(find(slug))
    rows = [[label, f"{v:,}" if isinstance(v := counts[key], int) else str(v or "–")] for key, label in LABELS.items()]
    terminal.answer(counts, in_columns(rows))
