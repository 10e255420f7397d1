"""Votes as files that `milepost tally` counts again: what a community publishes, or keeps, of a vote.

Ballots are written sorted, so that their order says nothing about who cast which when.
"""

from __future__ import annotations

import csv
import io

from ..counting.ballots import SEVERAL, Election, Place, Ranking, Scores
from ..counting.budgets import Budgeting
from ..counting.results import fixed
from .profiles import OVER, UNDER


def budget_file(budgeting: Budgeting, **meta: str) -> str:
    """A Pabulib `.pb`; `meta` adds lines such as description, country, unit, instance."""
    places = len(str(budgeting.scale)) - 1
    money = {n: fixed(cost, places) for n, cost in enumerate(budgeting.costs)}
    head = {
        **meta,
        "num_projects": str(len(budgeting.projects)),
        "num_votes": str(budgeting.voters),
        "budget": fixed(budgeting.budget, places),
        "vote_type": budgeting.vote_type,
    }
    if budgeting.least_score:
        head["min_project_score_threshold"] = str(budgeting.least_score)
    if budgeting.vote_type == "ordinal" and (
        first := max((p for given in budgeting.ballots for _, p in given), default=0)
    ):
        head["max_length"] = str(first)
    projects = zip(budgeting.projects, money.values(), budgeting.names, strict=True)
    return _tables(head, list(projects), list(budgeting.ballots.items()), budgeting.projects, budgeting.vote_type)


def points_file(election: Election, **meta: str) -> str:
    """Points or approvals for candidates, as a `.pb` in which nothing costs anything."""
    ballots = list(election.as_scores().items())
    kind = "approval" if all(points == 1 for given, _ in ballots for _, points in given) else "scoring"
    head = {
        **meta,
        "num_projects": str(len(election.candidates)),
        "num_votes": str(election.voters),
        "budget": "0",
        "vote_type": kind,
    }
    projects = [(name, "0", label) for name, label in zip(election.candidates, election.names, strict=True)]
    return _tables(head, projects, ballots, election.candidates, kind)


def _tables(
    head: dict[str, str],
    projects: list[tuple[str, str, str]],
    ballots: list[tuple[Scores, int]],
    ids: tuple[str, ...],
    kind: str,
) -> str:
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\n")
    out.write("META\n")
    table.writerows([("key", "value"), *head.items()])
    out.write("PROJECTS\n")
    table.writerows([("project_id", "cost", "name"), *projects])
    out.write("VOTES\n")
    with_points = kind in {"cumulative", "scoring"}
    table.writerow(("voter_id", "vote", "points") if with_points else ("voter_id", "vote"))
    voter = 0
    for given, count in sorted(ballots):
        order = sorted(given, key=lambda one: (-one[1], one[0]))
        vote, points = ",".join(ids[n] for n, _ in order), ",".join(str(p) for _, p in order)
        for _ in range(count):
            voter += 1
            table.writerow((voter, vote, points) if with_points else (voter, vote))
    return out.getvalue()


def order_file(election: Election, title: str = "") -> str:
    """A PrefLib `.toi`. Blank ranks and unreadable ones have no place in it: for these take `profile_file`."""
    rows = sorted(election.as_rankings().items(), key=lambda row: (-row[1], row[0]))
    head = [
        f"# TITLE: {_line(title)}",
        "# DATA TYPE: toi",
        "# MODIFICATION TYPE: original",
        f"# NUMBER ALTERNATIVES: {len(election.candidates)}",
        f"# NUMBER VOTERS: {election.voters}",
        f"# NUMBER UNIQUE ORDERS: {len(rows)}",
        *(f"# ALTERNATIVE NAME {n}: {_line(name)}" for n, name in enumerate(election.names, start=1)),
    ]
    return "\n".join([*head, *(f"{count}: {_order(ranking)}" for ranking, count in rows)]) + "\n"


def _order(ranking: Ranking) -> str:
    return ",".join(_place(place) for place in ranking)


def _place(place: Place) -> str:
    numbers = ",".join(str(candidate + 1) for candidate in place)
    return numbers if len(place) == 1 else f"{{{numbers}}}"


def _line(text: str) -> str:
    return " ".join(text.split())


def profile_file(election: Election) -> str:
    """A `.profile.csv` of ids, with blank ranks and ranks with several marks."""
    rankings = election.as_rankings()
    width = max((len(ranking) for ranking in rankings), default=1) or 1
    words: dict[Place, str] = {(): UNDER, SEVERAL: OVER} | {(n,): name for n, name in enumerate(election.candidates)}
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["count", *(f"rank{n}" for n in range(1, width + 1))])
    for ranking, count in sorted(rankings.items(), key=lambda row: (-row[1], row[0])):
        marks = [words.get(place, OVER) for place in ranking]
        table.writerow([count, *marks, *[UNDER] * (width - len(marks))])
    return out.getvalue()
