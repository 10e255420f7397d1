from __future__ import annotations

import datetime
from typing import IO, TYPE_CHECKING, Any

import click

from .site import open_database
from .terminal import Terminal, in_columns, speaking

if TYPE_CHECKING:
    from milepost.foundation.conditions import Condition, Problem
    from milepost.foundation.identity.models import Community

rule_file = click.argument("file", type=click.File("rb"))
of_community = click.option("--community", "slug", required=True, help="The community's short name.")


@click.group()
def conditions() -> None:
    """Rules: say whether one is right, what it says, and whom it is about."""


@conditions.command()
@rule_file
@of_community
@speaking
def check(terminal: Terminal, file: IO[bytes], slug: str) -> None:
    """Say whether the rule in FILE (JSON; - for standard input) is right, and if not, what is wrong where."""
    _community, condition, problems = _read(terminal, file, slug)
    _answer(terminal, condition, problems, "The rule is right.")


@conditions.command()
@rule_file
@of_community
@speaking
def explain(terminal: Terminal, file: IO[bytes], slug: str) -> None:
    """Say in plain words what the rule in FILE asks."""
    _community, condition, problems = _read(terminal, file, slug)
    _answer(terminal, condition, problems, condition.explain() if condition else "")


@conditions.command()
@rule_file
@of_community
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="On this day of the community's; today if not given.")
@click.option("--members", "with_members", is_flag=True, help="Name them too.")
@speaking
def count(terminal: Terminal, file: IO[bytes], slug: str, as_of: datetime.datetime | None, with_members: bool) -> None:
    """Count the members who meet the rule in FILE.

    They are members on the day that is asked about. What has no history (role, attributes, segments) is taken as it is now.
    """
    community, condition, problems = _read(terminal, file, slug)
    found: dict[str, Any] = {}
    text = ""
    if condition is not None:
        from milepost.foundation.conditions import count as number
        from milepost.foundation.conditions import matching

        day = as_of.date() if as_of else None
        if with_members:
            people = _people(set(matching(condition, community, as_of=day)))
            found = {"count": len(people), "members": people}
            text = in_columns([["Name", "Id"], *([p["name"], str(p["id"])] for p in people)])
        else:
            found = {"count": number(condition, community, as_of=day)}
        text = f"{found['count']:,} members: {condition.explain()}\n{text}".rstrip()
    _answer(terminal, condition, problems, text, **found)


@conditions.command()
@speaking
def schema(terminal: Terminal) -> None:
    """Print the JSON Schema of rules."""
    open_database(terminal)
    from milepost.foundation.conditions.schema import schema as published

    from .terminal import as_json

    found = published()
    terminal.answer(found, as_json(found))


def _read(terminal: Terminal, file: IO[bytes], slug: str) -> tuple[Community, Condition | None, list[Problem]]:
    open_database(terminal)
    from milepost.foundation.conditions import Invalid, parse, read
    from milepost.foundation.conditions.language import LONGEST

    from .communities import find

    community = find(slug)
    try:
        # One more than is allowed says that it is too long, however long it is.
        return community, parse(read(file.read(LONGEST + 1)), community=community), []
    except Invalid as invalid:
        return community, None, invalid.problems


def _people(ids: set[Any]) -> list[dict[str, Any]]:
    """Id, name, and the names under which other systems know them; by name."""
    from milepost.foundation.common.databases import variables_at_once
    from milepost.foundation.identity.models import Identity, Person

    wanted, step = sorted(ids), variables_at_once()
    found: dict[Any, dict[str, Any]] = {}
    for start in range(0, len(wanted), step):
        some = wanted[start : start + step]
        for pk, name in Person.objects.filter(pk__in=some).values_list("pk", "name"):
            found[pk] = {"id": pk, "name": name, "identities": []}
        rows = Identity.objects.filter(person__in=some).order_by("source", "source_key")
        for person, source, key in rows.values_list("person_id", "source", "source_key"):
            found[person]["identities"].append({"source": source, "key": key})
    return sorted(found.values(), key=lambda one: (one["name"], one["id"]))


def _answer(terminal: Terminal, condition: Condition | None, problems: list[Problem], text: str, **found: Any) -> None:
    data: dict[str, Any] = {
        "valid": condition is not None,
        "errors": [{"path": p.path, "message": p.message} for p in problems],
        "explanation": condition.explain() if condition else "",
    }
    if condition is not None:
        data |= {"hash": condition.hash, "tree": condition.tree}
    wrong = "\n".join(f"{p.path or 'The rule'}: {p.message}" for p in problems)
    terminal.answer(data | found, wrong or text)
    if condition is None:
        raise click.exceptions.Exit(1)
