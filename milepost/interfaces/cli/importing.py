from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .site import open_database
from .terminal import Refused, Terminal, in_columns, speaking

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community
    from milepost.outward.connectors.importing import Report
    from milepost.outward.connectors.models import ImportRun
    from milepost.outward.connectors.records import Options, Preview

KINDS = ("slack", "discord", "mbox", "discourse", "table", "milepost")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--community", "slug", required=True, help="The community's short name.")
@click.option("--source", default="", help="Tells two workspaces of one kind apart, such as slack:berlin.")
@click.option("--only", multiple=True, metavar="CHANNEL", help="Only this channel; again for more.")
@click.option("--skip", multiple=True, metavar="CHANNEL", help="Leave this channel out; again for more.")
@click.option("--private", multiple=True, metavar="CHANNEL", help="Make this channel a private space.")
@click.option(
    "--direct", multiple=True, metavar="NAME", help="A direct conversation to bring in, by name. None is otherwise."
)
@click.option("--time-zone", default="UTC", show_default=True, help="Of times that carry none.")
@click.option(
    "--as", "table_kind", type=click.Choice(("members", "messages", "activities")), help="What a table's rows are."
)
@click.option(
    "--map",
    "mapping",
    default="",
    metavar="FIELD=COLUMN,…",
    help="What a table's columns are: author=sender_id,time=ts.",
)
@click.option("--map-file", type=click.Path(exists=True, path_type=Path), help="A mapping saved with --save-map.")
@click.option(
    "--save-map", type=click.Path(path_type=Path), help="Write the mapping that was used or guessed to this file."
)
@click.option("--verb", default="", help="What was done, for a table of activities without such a column.")
@click.option("--preview", "only_preview", is_flag=True, help="Look, and store nothing.")
@click.option("--no-readers", is_flag=True, help="Leave counting and searching to the worker.")
@speaking
def importing(
    terminal: Terminal, /, kind: str, path: Path, slug: str, only_preview: bool, no_readers: bool, **given: Any
) -> None:
    """Bring in a history. KIND says the format of the file or folder at PATH.

    Twice changes nothing; a newer export adds what is new; after a crash the same command goes on. What cannot be read is
    kept apart with the reason, and the rest comes in.
    """
    open_database(terminal)
    from .communities import find

    if kind == "milepost":
        _bring_back(terminal, path, slug)
        return
    community = find(slug)
    from milepost.foundation.common.errors import Conflict
    from milepost.outward.connectors import importing as connectors
    from milepost.outward.connectors.models import ImportRun

    if only_preview:
        _preview(terminal, kind, path, _options(given), given["save_map"])
        return
    if given["save_map"]:
        _save_mapping(kind, path, _options(given), given["save_map"])
    run = connectors.start(kind, str(path), community=community, options=_options(given), source=given["source"])
    if run.position:
        terminal.note("Going on where an earlier import of this file was cut off.")
    try:
        report = _carry_out(terminal, run)
    except Conflict:
        # Another one runs: this one has not begun, and nothing of it is to stay.
        ImportRun.objects.filter(pk=run.pk, started_at__isnull=True).delete()
        raise
    if not no_readers:
        _catch_up(terminal)
    terminal.answer(report.as_json(), _in_words(report, run, community))


def _options(given: dict[str, Any]) -> Options:
    from milepost.outward.connectors.records import Options

    mapping = json.loads(given["map_file"].read_text()) if given["map_file"] else {}
    for pair in filter(None, (part.strip() for part in given["mapping"].split(","))):
        name, equals, column = pair.partition("=")
        if not equals or not column:
            raise Refused(
                f"“{pair}” is no mapping.", "Write --map field=column,field=column; fields are author, time, text, …"
            )
        mapping[name.strip()] = column.strip()
    return Options(
        direct=frozenset(given["direct"]),
        only_channels=frozenset(given["only"]),
        skip_channels=frozenset(given["skip"]),
        private_channels=frozenset(given["private"]),
        timezone=given["time_zone"],
        kind=given["table_kind"],
        mapping=mapping,
        verb=given["verb"],
    )


def _carry_out(terminal: Terminal, run: ImportRun) -> Report:
    from milepost.outward.connectors import importing as connectors

    with terminal.progress("Importing") as show:
        return connectors.carry_out(run, progress=lambda done, total, note: show(done, total, note))


def _catch_up(terminal: Terminal) -> None:
    from milepost.foundation.activity import following

    done = 0
    with terminal.progress("Counting and indexing") as show:

        def moved(reader: str, count: int) -> None:
            nonlocal done
            done += count
            show(done, None, reader)

        following.catch_up(progress=moved)


def _preview(terminal: Terminal, kind: str, path: Path, options: Options, save_map: Path | None) -> None:
    from collections import Counter
    from dataclasses import asdict, replace

    from milepost.outward.connectors.sources import open_source

    preview = open_source(kind, str(path), options).preview()
    if save_map:
        _write_mapping(preview, save_map)
    terminal.answer(
        asdict(replace(preview, skipped=Counter())) | {"skipped": dict(preview.skipped)}, _preview_in_words(preview)
    )


def _preview_in_words(preview: Preview) -> str:
    about = "" if preview.exact else "about "
    rows = [
        ["People", f"{preview.people:,}"],
        ["Messages", f"{about}{preview.messages:,}"],
        ["Conversations", f"{about}{preview.threads:,}"],
        ["Reactions", f"{about}{preview.reactions:,}"],
        ["Activities", f"{about}{preview.activities:,}"],
        ["From", str(preview.first_at or "–")],
        ["To", str(preview.last_at or "–")],
    ]
    rows += [
        [f"  {c.name}", f"{c.messages:,} ({c.kind}{'' if c.chosen else ', left out'})"] for c in preview.channels[:40]
    ]
    rows += [[f"  {name}", f"column {column}"] for name, column in preview.mapping.items()]
    rows += [["Columns without use", ", ".join(preview.unmapped)]] if preview.unmapped else []
    return in_columns(rows)


def _save_mapping(kind: str, path: Path, options: Options, to: Path) -> None:
    from milepost.outward.connectors.sources import open_source

    _write_mapping(open_source(kind, str(path), options).preview(), to)


def _write_mapping(preview: Preview, to: Path) -> None:
    to.write_text(json.dumps(preview.mapping, indent=2, ensure_ascii=False) + "\n")


def _bring_back(terminal: Terminal, path: Path, slug: str) -> None:
    from milepost.outward.connectors.moving import bring_back

    with terminal.progress("Bringing back") as show:
        report = bring_back(path, slug=slug, progress=lambda done, total, note: show(done, total, note))
    _catch_up(terminal)
    terminal.answer(report.as_json(), report.in_words())


def _in_words(report: Report, run: ImportRun, community: Community) -> str:
    from milepost.outward.connectors.records import SKIPPED

    rows = [
        [label, f"{getattr(report, name):,}"]
        for name, label in {
            "people": "People",
            "channels": "Spaces",
            "threads": "Conversations",
            "messages": "Messages",
            "reactions": "Reactions",
            "activities": "Activities",
            "skipped": "Left out or there already",
            "quarantined": "Kept apart, with the reason",
        }.items()
    ]
    rows += [[f"  {SKIPPED.get(name, name)}", f"{count:,}"] for name, count in report.skipped_by_reason.items()]
    rows += [["From", str(report.first_at or "–")], ["To", str(report.last_at or "–")]]
    for row in run.quarantine.filter(noted=False)[:5]:
        rows.append([f"  {row.place}:{row.line}", row.reason_text])
    return f"New in {community.name}:\n" + in_columns(rows)
