from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milepost.domain.deliberation.counting.equal_shares import COMPARISONS, COMPLETIONS, UTILITIES
from milepost.domain.deliberation.counting.methods import METHODS

from .terminal import Refused, Terminal, in_columns, speaking

if TYPE_CHECKING:
    from milepost.domain.deliberation.counting.ballots import Election, TieOrder
    from milepost.domain.deliberation.counting.budgets import Budgeting
    from milepost.domain.deliberation.counting.results import Result


class Share(click.ParamType):
    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        try:
            share = Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is no share; write 0.5, 2/3 or 1.", param, ctx)
        if not 0 <= share <= 1:
            self.fail(f"{value} is not between 0 and 1.", param, ctx)
        return share


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--method", required=True, type=click.Choice(METHODS), help="How to count.")
@click.option("--seats", default=1, show_default=True, type=click.IntRange(1), help="How many are elected.")
@click.option("--utility", default="cost", show_default=True, type=click.Choice(UTILITIES), help="Equal shares.")
@click.option("--completion", default="none", show_default=True, type=click.Choice(COMPLETIONS), help="Equal shares.")
@click.option("--comparison", default="none", show_default=True, type=click.Choice(COMPARISONS), help="Equal shares.")
@click.option(
    "--equal-ranks", "equal", default="stop", show_default=True, type=click.Choice(["stop", "skip"]),
    help="Several at one rank, in plurality, IRV and STV: the ballot stops there, or goes on at the next rank.",
)  # fmt: skip
@click.option(
    "--blank-ranks", "blanks", default=1, show_default=True, type=click.IntRange(-1),
    help="IRV, STV: blank ranks in a row that a ballot may have and still go on; -1 for any number.",
)  # fmt: skip
@click.option("--batch", is_flag=True, help="IRV: eliminate several at once where they cannot catch up together.")
@click.option("--eliminate-first", "first_out", multiple=True, metavar="ID", help="IRV, STV: out in the first round.")
@click.option(
    "--tie-order", metavar="ID,ID,...", help="Who goes first among equals; by default as the file lists them."
)
@click.option(
    "--tie-seed", metavar="TEXT", help="Draw that order from this text (SHA-256), so that all can draw it again."
)
@click.option("--eligible", type=click.IntRange(0), help="Consent: how many could answer.")
@click.option("--quorum", default="0", type=Share(), help="Consent: share of them that must answer.")
@click.option("--threshold", default="1/2", type=Share(), help="Consent: more than this share must agree.")
@click.option("--objections", default=0, type=click.IntRange(0), help="Consent: objections that may stand.")
@click.option(
    "--ignore-threshold", is_flag=True, help="Budgets: forget the least score that the file asks of a project."
)
@click.option("--lenient", is_flag=True, help="Take a file whose own counts do not agree with its rows.")
@speaking
def tally(
    terminal: Terminal,
    /,
    file: Path,
    method: str,
    tie_order: str | None,
    tie_seed: str | None,
    lenient: bool,
    ignore_threshold: bool,
    blanks: int,
    **options: Any,
) -> None:
    """Count the votes in FILE: Pabulib .pb, PrefLib .soc .soi .toc .toi, or a .profile(.csv) of cast-vote records.

    The same file, method and options give the same result, on every machine. How each method counts: docs/users/counting.md.
    """
    from milepost.domain.deliberation.counting.ballots import Impossible
    from milepost.domain.deliberation.counting.budgets import Budgeting
    from milepost.domain.deliberation.counting.methods import Options, count
    from milepost.domain.deliberation.reading import read, sha256

    votes = read(file, lenient=lenient)
    if ignore_threshold and isinstance(votes, Budgeting):
        votes = replace(votes, least_score=0)
    try:
        ties = _ties(votes, tie_order, tie_seed)
        result = count(method, votes, ties, Options(blanks=None if blanks < 0 else blanks, **options))
    except Impossible as error:
        raise Refused(str(error), error.hint) from error
    names = dict(zip(_ids(votes), votes.names, strict=True))
    data = result.as_dict() | {"names": names, "voters": votes.voters, "notes": list(votes.notes), "file": file.name}
    terminal.answer(data | {"input_sha256": sha256(file)}, _in_words(result, names, votes, sha256(file)))


def _ids(votes: Election | Budgeting) -> tuple[str, ...]:
    return votes.candidates if hasattr(votes, "candidates") else votes.projects


def _ties(votes: Election | Budgeting, order: str | None, seed: str | None) -> TieOrder:
    from milepost.domain.deliberation.counting.ballots import TieOrder

    if order is not None and seed is not None:
        raise Refused("Give --tie-order or --tie-seed, not both.")
    if order is not None:
        return TieOrder.given(_ids(votes), [part.strip() for part in order.split(",")])
    return TieOrder.as_listed(_ids(votes)) if seed is None else TieOrder.drawn(_ids(votes), seed)


def _in_words(result: Result, names: dict[str, str], votes: Election | Budgeting, digest: str) -> str:
    lines = [f"{votes.voters:,} voters, {len(names):,} {'projects' if result.selects else 'candidates'}", ""]
    lines += [_table(result, names), ""]
    for tie in result.ties:
        lines.append(f"Tie in round {tie.round}, {tie.about}: {', '.join(tie.between)}. {tie.chosen}, by {tie.by}.")
    lines += [f"Note: {note}" for note in votes.notes]
    rule = ", ".join(f"{key} {value}" for key, value in result.variant.items())
    lines.append(f"Rule: {result.method}{f' ({rule})' if rule else ''}")
    lines.append(f"Among equals: {result.tie_source or 'nothing to decide'}")
    lines.append(f"Input: SHA-256 {digest}, counted by engine {result.as_dict()['engine']}")
    return "\n".join(lines)


def _table(result: Result, names: dict[str, str]) -> str:
    if result.method == "consent":
        row = result.rounds[0]
        passed = [[test, "yes" if met else "no"] for test, met in row["tests"].items()]
        answers = [[answer, str(number)] for answer, number in row["tally"].items()]
        return in_columns(
            [["", ""], *answers, *passed, ["carried", "yes" if result.summary["carried"] else "no"]]
        ).strip("\n")
    if result.selects:
        rows = [["Selected", "Cost", "Name"]]
        cost = {row["project"]: str(row["cost"]) for row in result.rounds}
        rows += [[project, cost.get(project, ""), names[project][:70]] for project in result.winners]
        summary = result.summary
        total = f"{len(result.winners)} projects for {summary['cost']} of {summary['budget']}"
        covered = (
            f"{summary['voters_with_a_selected_project']:,} of {summary['voters']:,} voters have one of their own."
        )
        return in_columns(rows) + f"\n{total}. {covered}"
    lines = [in_columns([["Elected", "Name"], *([one, names[one]] for one in result.winners)])]
    if not result.winners:
        lines = ["Nobody is elected: there are no votes."]
    for row in result.rounds:
        if "tally" not in row:
            continue
        told = [f"{key} {', '.join(row[key])}" for key in ("elected", "eliminated", "defeated", "of") if row.get(key)]
        lines.append(f"\nRound {row['round']}{': ' if told else ''}{'; '.join(told)}")
        order = sorted(row["tally"].items(), key=lambda one: -Fraction(one[1]))
        lines.append(in_columns([[str(votes), one, names[one]] for one, votes in order]))
    return "\n".join(lines)
