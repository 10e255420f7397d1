from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from .site import open_database
from .terminal import Refused, Terminal, in_columns, speaking

if TYPE_CHECKING:
    from milepost.engines.segments.models import Segment
    from milepost.foundation.identity.models import Community

of_community = click.option("--community", "slug", required=True, help="The community's short name.")


@click.group()
def segments() -> None:
    """Segments: members under a name, by a rule or as a list."""


@segments.command()
@click.argument("file", type=click.File("rb"))
@of_community
@speaking
def load(terminal: Terminal, file: IO[bytes], slug: str) -> None:
    """Define the segments that FILE says (YAML or JSON), and change those that are there; all or none.

    A list of entries with name, rule, and perhaps slug and about. Without a rule it is a list that is kept by hand. Twice
    changes nothing. Who is in them is worked out at once.
    """
    community = _community(terminal, slug)
    from milepost.engines.segments import keeping, loading
    from milepost.foundation.conditions import Invalid

    try:
        found = loading.load(loading.read(file.read(loading.LARGEST + 1)), community=community, by=None)
    except Invalid as invalid:
        problems = [{"path": p.path, "message": p.message} for p in invalid.problems]
        terminal.answer(
            {"valid": False, "errors": problems}, "\n".join(f"{p['path']}: {p['message']}" for p in problems)
        )
        raise click.exceptions.Exit(1) from invalid
    for segment in found.touched:
        keeping.fill(segment)
    data = {
        "valid": True,
        "errors": [],
        "created": found.created,
        "changed": found.changed,
        "unchanged": found.unchanged,
    }
    text = f"{len(found.created)} new, {len(found.changed)} changed, {len(found.unchanged)} as they were."
    terminal.answer(data, text)


@segments.command()
@click.argument("name", required=False)
@of_community
@click.option("--members", "with_members", is_flag=True, help="Name them too.")
@speaking
def count(terminal: Terminal, name: str | None, slug: str, with_members: bool) -> None:
    """Say how many are in the segment NAME, or in each."""
    community = _community(terminal, slug)
    from milepost.engines.segments import looking
    from milepost.engines.segments.models import Segment

    chosen = [_find(community, name)] if name else list(Segment.objects.kept().filter(community=community))
    rows: list[dict[str, Any]] = []
    for one in chosen:
        row: dict[str, Any] = {"segment": one.slug, "name": one.name, "count": looking.people_of(one).count()}
        row |= {"kind": "list" if one.is_list else "rule", "filled_at": one.filled_at, "problem": one.problem}
        if with_members:
            row["members"] = _people(looking.people_of(one))
        rows.append(row)
    if terminal.json:
        terminal.answer({"segments": rows} if name is None else rows[0], "")
        return
    terminal.table(
        rows, {"segment": "Segment", "count": "Members", "kind": "Kind", "problem": "Problem"}, "There is none yet."
    )
    for row in rows:
        for person in row.get("members", []):
            click.echo(f"{row['segment']}  {person['name']}")


@segments.command()
@click.argument("one")
@click.argument("other")
@of_community
@click.option("--members", "with_members", is_flag=True, help="Name them too.")
@speaking
def diff(terminal: Terminal, one: str, other: str, slug: str, with_members: bool) -> None:
    """Compare two segments: who is in ONE only, in OTHER only, and in both."""
    community = _community(terminal, slug)
    from milepost.engines.segments import looking

    first, second = _find(community, one), _find(community, other)
    found = looking.compare(first, second)
    data: dict[str, Any] = {
        "one": first.slug, "other": second.slug, "only_one": found.only_one, "only_other": found.only_other, "both": found.both,
    }  # fmt: skip
    if with_members:
        data["members"] = {
            key: _people(looking.difference(first, second, which))
            for key, which in (("only_one", "one"), ("only_other", "other"), ("both", "both"))
        }
    rows = [
        ["", "Members"],
        [f"only in {first.slug}", f"{found.only_one:,}"],
        [f"only in {second.slug}", f"{found.only_other:,}"],
        ["in both", f"{found.both:,}"],
    ]
    terminal.answer(data, in_columns(rows))


def _community(terminal: Terminal, slug: str) -> Community:
    open_database(terminal)
    from .communities import find

    return find(slug)


def _find(community: Community, name: str) -> Segment:
    from milepost.engines.segments.models import Segment

    found = Segment.objects.kept().filter(community=community, slug=name).select_related("community").first()
    if found is None:
        names = ", ".join(Segment.objects.kept().filter(community=community).values_list("slug", flat=True)[:20])
        raise Refused(f"There is no segment “{name}”.", f"There are: {names}." if names else "There is none yet.")
    return found


def _people(people: Any) -> list[dict[str, Any]]:
    return [{"id": pk, "name": name} for pk, name in people.values_list("pk", "name").iterator(chunk_size=2_000)]
