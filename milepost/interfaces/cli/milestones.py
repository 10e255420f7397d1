from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .site import open_database
from .terminal import Refused, Terminal, as_json, speaking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from milepost.domain.paths.models import Milestone
    from milepost.foundation.conditions import Invalid
    from milepost.foundation.identity.models import Community
    from milepost.outward.connectors.awards.importing import Seen

LISTED = 10_000
"""Lines of a file that an answer names; the numbers count all."""
slug_option = click.option("--community", "slug", required=True, help="The community's short name.")


@click.group()
def milestones() -> None:
    """Milestones: load definitions, see who would reach them, go through history, list awards."""


def _community(terminal: Terminal, slug: str) -> Community:
    open_database(terminal)
    from .communities import find

    return find(slug)


@milestones.command()
@click.argument("file", required=True)
@slug_option
@speaking
def load(terminal: Terminal, file: str, slug: str) -> None:
    """Define milestones from FILE (YAML or JSON), or from a template that comes with Milepost (participation-steps).

    What is there already, by its slug or name, is changed; a changed rule waits until `backfill` puts it in force.
    """
    community = _community(terminal, slug)
    from milepost.engines.milestones import loading
    from milepost.foundation.conditions import Invalid

    try:
        given = loading.template(file) if file in loading.templates() else loading.read(_content(file))
        done = loading.load(given, community=community, by=None)
    except Invalid as invalid:
        _refuse(terminal, invalid)
    answer = {
        "created": done.created, "changed": done.changed, "unchanged": done.unchanged, "waiting": done.waiting,
    }  # fmt: skip
    text = ", ".join(f"{len(slugs)} {what}" for what, slugs in answer.items() if slugs)
    if done.waiting:
        text += f"\nRules that wait: {', '.join(done.waiting)}. `milepost milestones preview SLUG` shows what they would change."
    terminal.answer(answer, f"{text}\nHistory is gone through by `milepost milestones backfill`, or by the worker.")


def _content(file: str) -> bytes:
    from milepost.engines.milestones import loading

    path = Path(file)
    if not path.is_file():
        raise Refused(f"There is no file {file}.", f"Templates: {', '.join(loading.templates())}.")
    if path.stat().st_size > loading.LARGEST:
        raise Refused(f"{file} is too large: {loading.LARGEST:,} bytes are the most.")
    return path.read_bytes()


def _refuse(terminal: Terminal, invalid: Invalid) -> Any:
    """Every problem with its place, and exit code 1."""
    if terminal.json:
        click.echo(
            as_json({"valid": False, "errors": [{"path": p.path, "message": p.message} for p in invalid.problems]})
        )
    else:
        click.echo("Error: Nothing was loaded.", err=True)
        for problem in invalid.problems:
            click.echo(f"  {problem.path or '/'}: {problem.message}", err=True)
    raise SystemExit(1)


@milestones.command("list")
@slug_option
@speaking
def list_(terminal: Terminal, slug: str) -> None:
    """List the definitions, with how many people reached each."""
    community = _community(terminal, slug)
    from milepost.engines.milestones.telling import definitions

    columns = {
        "slug": "Slug", "name": "Name", "kind": "Kind", "reached_by": "Reached by", "version": "Rule", "in_force": "In force",
        "reached": "Reached",
    }  # fmt: skip
    terminal.table(
        definitions(community), columns, "There are no milestones yet. `milepost milestones load FILE` brings some."
    )


def _chosen(community: Community, slugs: tuple[str, ...], *, all_of_them: bool) -> list[Milestone]:
    from milepost.domain.paths.models import Milestone

    found = Milestone.objects.pursued().automatic().filter(community=community).select_related("community")
    if all_of_them and not slugs:
        return list(found)
    by_slug = {m.slug: m for m in found.filter(slug__in=slugs)}
    for slug in slugs:
        if slug not in by_slug:
            raise Refused(f"No milestone “{slug}” is found by a rule here.", "`milepost milestones list` shows them.")
    return [by_slug[slug] for slug in slugs]


@milestones.command()
@click.argument("slugs", nargs=-1)
@slug_option
@speaking
def preview(terminal: Terminal, slugs: tuple[str, ...], slug: str) -> None:
    """Show who would gain each milestone by its newest rule, and who has it and no longer fits. Changes nothing."""
    community = _community(terminal, slug)
    from milepost.engines.milestones import backfilling

    rows = []
    for milestone in _chosen(community, slugs, all_of_them=True):
        seen = backfilling.preview(milestone, by=None)
        rows.append(
            {
                "milestone": milestone.slug,
                "version": seen.version,
                "in_force": seen.in_force,
                "explanation": " ".join(f"{level}: {words}" if level else words for level, words in seen.explanation),
                "would_gain": seen.gaining,
                "gaining": [{"member": g.person, "name": g.name, "reached_on": g.day} for g in seen.gains],
                "would_move_back": seen.moving,
                "no_longer_fit": seen.unfit,
                "not_fitting": [{"award": x.award, "member": x.person, "name": x.name} for x in seen.losses],
                "holds_as_of_now": seen.holds_as_of_now,
            }
        )
    columns = {
        "milestone": "Milestone", "version": "Rule", "in_force": "In force", "would_gain": "Would gain",
        "no_longer_fit": "No longer fit", "explanation": "In words",
    }  # fmt: skip
    terminal.table(rows, columns, "No milestone is found by a rule here.")


@milestones.command()
@click.argument("slugs", nargs=-1)
@slug_option
@speaking
def backfill(terminal: Terminal, slugs: tuple[str, ...], slug: str) -> None:
    """Put the newest rules in force and go through everyone's history: all milestones, or the SLUGS.

    Nobody loses anything by it, and nothing of it is announced. Killed in between, it goes on when it is run again.
    """
    community = _community(terminal, slug)
    from milepost.engines.milestones import backfilling, rules
    from milepost.foundation.activity import following

    with terminal.progress("Counting what happened") as report:
        following.catch_up(["rollup"], progress=lambda _reader, count: report(count, None))
    rows = []
    chosen = rules.in_dependency_order(_chosen(community, slugs, all_of_them=True))
    for milestone in chosen:
        began = time.perf_counter()
        backfilling.put_in_force(milestone, by=None)
        with terminal.progress(milestone.slug) as report:
            done = backfilling.backfill(milestone, progress=report)
        rows.append(
            {
                "milestone": milestone.slug, "new": done.new, "moved": done.moved, "again": done.again,
                "seconds": round(time.perf_counter() - began, 2),
            }
        )  # fmt: skip
    columns = {"milestone": "Milestone", "new": "New", "moved": "Moved", "seconds": "Seconds"}
    terminal.table(rows, columns, "No milestone is found by a rule here.")


@milestones.command()
@click.option("--milestone", default="", help="Only of this one.")
@click.option("--revoked", is_flag=True, help="Those that were revoked too.")
@slug_option
@speaking
def awards(terminal: Terminal, milestone: str, revoked: bool, slug: str) -> None:
    """List who reached which milestone, on which day, by which version of its rule, on what evidence."""
    community = _community(terminal, slug)
    from milepost.engines.milestones.telling import awards as told

    rows = told(community, milestone=milestone, revoked=revoked)
    if not terminal.json:
        for row in rows:
            by = f"rule {row['rule_version']}" if row["rule_version"] else row["how"]
            click.echo(f"{row['reached_on']}  {row['milestone']}  {row['member']['name']}  ({by})")
        return
    # Row by row: a large community has millions.
    click.echo("[", nl=False)
    for n, row in enumerate(rows):
        click.echo(("," if n else "") + "\n" + as_json(row), nl=False)
    click.echo("\n]")


@milestones.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would come of it; change nothing.")
@slug_option
@speaking
def import_(terminal: Terminal, file: Path, dry_run: bool, slug: str) -> None:
    """Bring in who reached which milestone, from FILE: CSV with headings, or JSON lines.

    Columns: member (mail address, @name, or source:key of an account elsewhere), milestone (its slug), reached_on, and if you
    like level, note, link. It counts as history: nothing is announced. The same file again changes nothing. Members whom
    nobody here is known by are listed; a steward says on the milestones' import page who they are.
    """
    community = _community(terminal, slug)
    from milepost.foundation.common.errors import DomainError
    from milepost.outward.connectors.awards import importing

    try:
        with file.open("rb") as content:
            if dry_run:
                answer = _told(importing.look(community, content, file.name))
            else:
                with terminal.progress("Reading") as report:
                    run = importing.begin(
                        community=community,
                        file=content,
                        file_name=file.name,
                        by=None,
                        report=lambda n: report(n, None),
                    )
                with terminal.progress("Bringing in") as report:
                    counts = importing.apply(run=run, by=None, report=lambda n: report(n, None))
                answer = _told(importing.kept(run)) | {"counts": counts}
    except DomainError as error:
        raise Refused(error.message, error.hint) from error
    terminal.answer({"dry_run": dry_run} | answer, "\n".join(_as_text(answer)))


def _told(batches: Iterator[list[Seen]]) -> dict[str, Any]:
    """Counts, and the first lines of each kind: awards with their reasons, members who are not matched, errors."""
    counts: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    unmatched: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for batch in batches:
        for one in batch:
            if one.problem:
                kind = "unread"
                errors.append({"line": one.line, "message": one.problem})
            else:
                matched = one.person is not None and one.reason != "member_name"
                kind = one.fate if matched else "unmatched"
                assert one.milestone is not None
                told = {
                    "line": one.line,
                    "member": one.who,
                    "milestone": one.milestone.slug,
                    "reached_on": one.reached_on,
                }
                told |= {"person": one.person, "reason": one.reason}
                (rows if matched else unmatched).append(told | ({"state": one.fate} if matched else {}))
            counts[kind] = counts.get(kind, 0) + 1
        for kept in (rows, unmatched, errors):
            del kept[LISTED:]
    return {
        "valid": not counts.get("unread"),
        "counts": counts,
        "awards": rows,
        "unmatched": unmatched,
        "errors": errors,
    }


def _as_text(answer: dict[str, Any]) -> Iterator[str]:
    yield ", ".join(f"{name}: {count}" for name, count in sorted(answer["counts"].items())) or "No lines."
    for one in answer["unmatched"][:50]:
        yield f"  line {one['line']}: {one['member']}: not matched ({one['reason']})"
    for one in answer["errors"][:50]:
        yield f"  line {one['line']}: {one['message']}"
