"""Deciding together: counting budgets and ballots, and opinion maps.

Votes are generated; where MILEPOST_SHARED says where the votes of real cities lie, theirs are counted too.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import opinion

if TYPE_CHECKING:
    from milepost.domain.deliberation.counting.ballots import Election
    from milepost.domain.deliberation.counting.budgets import Budgeting

TARGETS = {
    "Poland_Wieliczka_2023_Green_Budget.pb": 0.5,
    "Poland_Lodz_2020.pb": 5.0,
    "generated": 5.0,
    "irv": 1.0,
}
"""CPU seconds of the count, without reading the file."""
BALLOTS = 300_000
VOTERS, PROJECTS = 50_000, 150
SMALL = 5_000
"""Voters in the comparison with trying one share after the other, and with pabutools."""


def compare(say: Callable[[str], None], scale: int = 1) -> dict[str, Any]:
    """`scale`: by how much less to measure."""
    found: dict[str, Any] = {"targets": TARGETS, "budgets": [], "elections": []}
    for file in _real():
        say(f"Equal shares: {file.name}.")
        found["budgets"].append(_budget(file.name, _read(file)))
    say(f"Equal shares: {VOTERS // scale:,} generated voters.")
    found["budgets"].append(
        _budget("generated", generated_budget(VOTERS // scale, PROJECTS if scale == 1 else PROJECTS // 3))
    )
    say("Equal shares against one step at a time.")
    found["against"] = against_single_steps(generated_budget(max(200, SMALL // scale), PROJECTS // 3))
    say(f"IRV of {BALLOTS // scale:,} generated ballots.")
    found["elections"].append(_irv(generated_ballots(BALLOTS // scale)))
    if scale == 1:
        found["opinion"] = opinion.compare(say)
    return found


def _real() -> list[Path]:
    folder = Path(os.environ.get("MILEPOST_SHARED", "")) / "data" / "cocreate" / "pb"
    return [folder / name for name in TARGETS if name.endswith(".pb") and (folder / name).is_file()]


def _read(file: Path) -> Budgeting:
    from milepost.domain.deliberation.counting.budgets import Budgeting
    from milepost.domain.deliberation.reading import read

    budgeting = read(file)
    assert isinstance(budgeting, Budgeting), "a .pb file is a budget"
    return budgeting


@contextmanager
def _cpu(row: dict[str, Any], key: str) -> Iterator[None]:
    before = time.process_time()
    yield
    row[key] = round(time.process_time() - before, 4)


def _budget(name: str, budgeting: Budgeting) -> dict[str, Any]:
    from milepost.domain.deliberation.counting.ballots import TieOrder
    from milepost.domain.deliberation.counting.methods import Options, count

    row: dict[str, Any] = {"name": name, "voters": budgeting.voters, "projects": len(budgeting.projects)}
    with _cpu(row, "cpu"):
        result = count(
            "equal-shares",
            budgeting,
            TieOrder.as_listed(budgeting.projects),
            Options(completion="add-one-until-overspent", comparison="satisfaction"),
        )
    return row | {
        "different": len(budgeting.ballots),
        "steps": result.summary["steps"],
        "selected": len(result.winners),
    }


def _irv(election: Election) -> dict[str, Any]:
    from milepost.domain.deliberation.counting.ballots import TieOrder
    from milepost.domain.deliberation.counting.methods import count

    row: dict[str, Any] = {"ballots": election.voters, "different": len(election.rankings)}
    with _cpu(row, "cpu"):
        result = count("irv", election, TieOrder.as_listed(election.candidates))
    return row | {"rounds": len(result.rounds)}


def against_single_steps(budgeting: Budgeting) -> dict[str, Any]:
    """The same count by trying each share; and by pabutools, where somebody has put it beside Milepost."""
    from milepost.domain.deliberation.counting.ballots import TieOrder
    from milepost.domain.deliberation.counting.equal_shares import complete
    from milepost.domain.deliberation.counting.shares import Market, Run

    row: dict[str, Any] = {"voters": budgeting.voters, "projects": len(budgeting.projects)}
    market = Market(budgeting, TieOrder.as_listed(budgeting.projects), "cost")
    with _cpu(row, "cpu"):
        _, run, steps = complete(market, "add-one-until-overspent")
    base, order = Fraction(budgeting.budget // budgeting.voters), list[int]()
    with _cpu(row, "single_steps_cpu"):
        for step in range(1, steps + 2):
            single = Run.start(market, base + step, base + step)
            single.finish()
            if budgeting.cost_of(single.order) <= budgeting.budget:
                order = single.order
    return row | {"steps": steps, "same": order == run.order, "pabutools": _pabutools(budgeting)}


def _pabutools(budgeting: Budgeting) -> float | None:
    """CPU seconds of pabutools for one run without completion; it is never installed with Milepost."""
    if find_spec("pabutools") is None:
        return None
    from importlib import import_module

    election, rules = import_module("pabutools.election"), import_module("pabutools.rules")
    projects = [election.Project(name, cost) for name, cost in zip(budgeting.projects, budgeting.costs, strict=True)]
    profile = election.ApprovalProfile(
        [
            election.ApprovalBallot([projects[n] for n, _ in given])
            for given, voters in budgeting.ballots.items()
            for _ in range(voters)
        ]
    )
    row: dict[str, Any] = {}
    with _cpu(row, "cpu"):
        instance = election.Instance(projects, budget_limit=budgeting.budget)
        rules.method_of_equal_shares(instance, profile.as_multiprofile(), sat_class=election.Cost_Sat)
    return float(row["cpu"])


def generated_budget(voters: int, projects: int) -> Budgeting:
    """Five choices or fewer of each voter, some projects liked more than others, money for about a third of them: 150 a voter."""
    from milepost.domain.deliberation.counting.budgets import Budgeting

    rng = random.Random(7)  # noqa: S311 -- generated votes, the same each time
    costs = tuple(rng.randrange(20, 3_000) * max(1, voters // 500) for _ in range(projects))
    liked = [1 / (n + 3) for n in range(projects)]
    ballots: Counter[tuple[tuple[int, int], ...]] = Counter()
    for _ in range(voters):
        chosen = sorted(set(rng.choices(range(projects), liked, k=rng.randrange(1, 6))))
        ballots[tuple((n, 1) for n in chosen)] += 1
    names = tuple(f"p{n}" for n in range(projects))
    return Budgeting(names, names, costs, sum(costs) // 3, ballots)


def generated_ballots(number: int, candidates: int = 12) -> Election:
    from milepost.domain.deliberation.counting.ballots import Election

    rng = random.Random(7)  # noqa: S311 -- generated votes, the same each time
    ballots: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for _ in range(number):
        order = sorted(range(candidates), key=lambda n: rng.random() * (n + 8))
        ballots[tuple((n,) for n in order[: rng.randrange(1, candidates + 1)])] += 1
    names = tuple(f"c{n}" for n in range(candidates))
    return Election(names, names, ballots)


def in_words(found: dict[str, Any]) -> str:
    from ..terminal import in_columns

    targets = found["targets"]
    budgets = [["Equal shares", "voters", "projects", "different ballots", "steps", "CPU", "aim"]]
    for one in found["budgets"]:
        figures = [f"{one[key]:,}" for key in ("voters", "projects", "different", "steps")]
        budgets.append([one["name"], *figures, f"{one['cpu']:.2f} s", f"under {targets[one['name']]} s"])
    against = found["against"]
    times = against["single_steps_cpu"] / max(against["cpu"], 0.0001)
    lines = [
        f"{against['voters']:,} voters: {against['cpu']:.2f} s; one step at a time {against['single_steps_cpu']:.2f} s, "
        f"{times:.1f} times as long, the same result: {'yes' if against['same'] else 'no'}",
    ]
    if against["pabutools"] is not None:
        lines.append(f"pabutools takes {against['pabutools']:.2f} s for one run without completion")
    elections = [["IRV", "different", "rounds", "CPU", "aim"]]
    for one in found["elections"]:
        figures = [f"{one['ballots']:,} ballots", f"{one['different']:,}", str(one["rounds"])]
        elections.append([*figures, f"{one['cpu']:.2f} s", f"under {targets['irv']} s"])
    parts = [in_columns(budgets), "\n".join(lines), in_columns(elections)]
    if "opinion" in found:
        parts.append(opinion.in_words(found["opinion"]))
    return "\n\n".join(parts)
