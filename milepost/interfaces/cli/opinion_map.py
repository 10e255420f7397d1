from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .site import start
from .terminal import Refused, Terminal, speaking

if TYPE_CHECKING:
    from milepost.domain.deliberation.mapping.opinion import OpinionMap
    from milepost.domain.deliberation.mapping.polis import Export
    from milepost.domain.deliberation.mapping.statistics import Chosen


@click.command(name="opinion-map")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@speaking
def opinion_map(terminal: Terminal, folder: Path) -> None:
    """Draw the opinion map of votes that Polis exported to DIR.

    Reads votes.csv (of votes that were changed, the last counts) or, where it is not there, participants-votes.csv; and
    comments.csv for the statements' words and what moderation took out.
    """
    start()
    from milepost.domain.deliberation.mapping.opinion import as_dict
    from milepost.domain.deliberation.mapping.opinion import opinion_map as drawn
    from milepost.domain.deliberation.mapping.polis import read
    from milepost.foundation.common.errors import DomainError

    try:
        export = read(folder)
    except DomainError as error:
        raise Refused(error.message, error.hint) from None
    found = drawn(export.votes, export.moderated_out)
    data = as_dict(found, export.texts, export.moderated_out)
    data |= {"source": export.source, "changed_votes": export.changed}
    if export.group_of:
        data["agreement_with_polis"] = _agreement(found, export)
    terminal.answer(data, "\n".join(_in_words(found, export)))


def _agreement(found: OpinionMap, export: Export) -> float | None:
    """Adjusted Rand index over those whom both put into a group."""
    from milepost.domain.deliberation.mapping.polis import adjusted_rand

    both = [
        (export.group_of[person], int(group))
        for person, group in zip(found.votes.people, found.group_of, strict=True)
        if group >= 0 and person in export.group_of
    ]
    return adjusted_rand([one for one, _ in both], [other for _, other in both]) if len(both) > 1 else None


def _in_words(found: OpinionMap, export: Export) -> Iterator[str]:
    from milepost.domain.deliberation.mapping.wording import group_name, said, told

    centres = [(float(x), float(y)) for x, y in found.groups.centres]
    yield from told(
        people=len(found.votes.people),
        sizes=[int(size) for size in found.groups.sizes],
        explained=[float(share) for share in found.plane.explained],
        centres=centres,
    )
    statements = found.votes.statements

    def words(one: Chosen) -> str:
        known = export.texts.get(statements[one.statement], "")
        return f"  {statements[one.statement]:>5}  {said(one.side, one.votes, one.seen, ' '.join(known.split()))}"

    if any(found.consensus.values()):
        yield "\nShared by everyone:"
        for side in ("agree", "disagree"):
            yield from map(words, found.consensus[side])
    for group, some in enumerate(found.representative):
        yield f"\n{group_name(group)} more than others:"
        yield from map(words, some)
