"""Counts of real votes against what was declared, and against the tabulators that counted them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from milepost.domain.deliberation.counting.ballots import Election, TieOrder
from milepost.domain.deliberation.counting.budgets import Budgeting
from milepost.domain.deliberation.counting.elimination import irv
from milepost.domain.deliberation.counting.methods import Options, count
from milepost.domain.deliberation.counting.pairwise import condorcet_winner, table
from milepost.domain.deliberation.counting.results import Result
from milepost.domain.deliberation.counting.stv import scottish
from milepost.domain.deliberation.reading import read

pytestmark = pytest.mark.realdata

WIELICZKA = Options(completion="add-one-until-overspent", comparison="satisfaction")


@pytest.fixture
def votes(shared_data: Path) -> Path:
    folder = shared_data / "cocreate"
    if not folder.is_dir():
        pytest.skip("the folder with real votes is not here")
    return folder


def election_of(file: Path) -> Election:
    found = read(file)
    assert isinstance(found, Election)
    return found


def budget_of(file: Path) -> Budgeting:
    found = read(file)
    assert isinstance(found, Budgeting)
    return found


def counted(file: Path, method: str, options: Options | None = None) -> tuple[list[str], Result]:
    """(names of the elected, the result)."""
    read_from = read(file)
    ids = read_from.projects if isinstance(read_from, Budgeting) else read_from.candidates
    result = count(method, read_from, TieOrder.as_listed(ids), options)
    names = dict(zip(ids, read_from.names, strict=True))
    return [names[one] for one in result.winners], result


@pytest.mark.parametrize(
    ("file", "method", "options"),
    [
        ("Netherlands_Assen_2024.pb", "equal-shares", Options(completion="add-one")),
        ("Netherlands_Assen_2024.pb", "equal-shares", Options(completion="add-one-until-overspent")),
        ("Poland_Wieliczka_2023_Green_Budget.pb", "equal-shares", WIELICZKA),
        ("Poland_Warszawa_2020_Praga-Poludnie.pb", "greedy-votes", None),
        ("Poland_Krakow_2025_Biezanow-Prokocim.pb", "greedy-votes", None),
    ],
)
def test_selects_what_the_city_funded(votes, file, method, options):
    budgeting = budget_of(votes / "pb" / file)
    result = count(method, budgeting, TieOrder.as_listed(budgeting.projects), options)
    assert set(result.winners) == budgeting.funded
    assert budgeting.cost_of(budgeting.projects.index(one) for one in result.winners) <= budgeting.budget


def test_wieliczka_needs_both_the_completion_and_finds_the_comparison_in_favour(votes):
    file = votes / "pb" / "Poland_Wieliczka_2023_Green_Budget.pb"
    funded = budget_of(file).funded
    assert set(counted(file, "equal-shares", Options(completion="add-one"))[1].winners) != funded
    summary = counted(file, "equal-shares", WIELICZKA)[1].summary["comparison"]
    assert summary["taken"] == "equal-shares"
    assert summary["prefer_equal_shares"] > summary["prefer_greedy"]


PEERS = {
    "greedy_cost": ("greedy-votes", Options()),
    "greedy_card": ("greedy-votes-per-cost", Options()),
    "greedy_points": ("greedy-votes-per-cost", Options()),
    "mes_cost_no_completion": ("equal-shares", Options()),
    "mes_card_no_completion": ("equal-shares", Options(utility="cardinality")),
    "mes_points_no_completion": ("equal-shares", Options(utility="cardinality")),
    "mes_cost_add1": ("equal-shares", Options(completion="add-one")),
}


@pytest.mark.parametrize(
    "stem",
    [
        "France_Toulouse_2019",
        "Netherlands_Assen_2024",
        "Poland_Wieliczka_2023_Green_Budget",
        "Poland_Warszawa_2020_Praga-Poludnie",
        "US_Stanford_Dataset_PB_Cambridge_2015_vote_knapsacks",
    ],
)
def test_agrees_with_pabutools(votes, stem):
    expected = json.loads((votes / "expected" / "pb" / f"{stem}.json").read_text())
    compared = 0
    for key, (method, options) in PEERS.items():
        if key in expected:
            assert set(counted(votes / "pb" / f"{stem}.pb", method, options)[1].winners) == set(
                expected[key]["selected"]
            )
            compared += 1
    assert compared >= 2


def test_every_file_reads_and_its_sums_are_those_that_it_states(votes):
    files = sorted((votes / "pb").glob("*.pb"))
    assert len(files) == 8
    for file in files:
        budgeting = budget_of(file)
        header, *lines = (
            file.read_bytes().decode().replace("\r\n", "\n").split("PROJECTS\n")[1].split("VOTES\n")[0].splitlines()
        )
        columns = header.split(";")
        column = columns.index("score" if "score" in columns else "votes")
        if '"' not in "".join(lines):
            assert budgeting.points == [int(line.split(";")[column]) for line in lines], file.name
        assert budgeting.voters == sum(budgeting.ballots.values()) > 0
    for file in sorted((votes / "ranked").iterdir()):
        if not file.name.endswith(".json"):
            assert read(file).voters > 0


@pytest.mark.parametrize(
    ("file", "elected", "condorcet"),
    [
        ("burlington-2009-mayor.toi", "Bob Kiss", "Andy Montroll"),
        ("alaska-2022-special.profile", "Peltola_ Mary S.", "Begich_ Nick"),
        ("aspen-2009-mayor.toi", "Mick Ireland", "Mick Ireland"),
        ("pierce-2008-executive.toi", "Pat Mccarthy", "Pat Mccarthy"),
        ("minneapolis-2013-mayor.profile.csv", "BETSY HODGES", "BETSY HODGES"),
    ],
)
def test_instant_run_offs_and_condorcet_winners(votes, file, elected, condorcet):
    read_from = election_of(votes / "ranked" / file)
    assert counted(votes / "ranked" / file, "irv")[0] == [elected]
    best = condorcet_winner(table(read_from))
    assert best is not None
    assert read_from.names[best] == condorcet
    for method in ("schulze-wv", "schulze-margins", "ranked-pairs"):
        assert counted(votes / "ranked" / file, method)[0] == [condorcet]


def test_burlington_as_the_city_declared_it(votes):
    """Round by round: the city's ballots with several marks at one rank stopped there."""
    result = counted(votes / "ranked" / "burlington-2009-mayor.toi", "irv")[1]
    assert result.rounds[0]["tally"] == {"1": 2585, "2": 2063, "3": 35, "4": 1306, "5": 2951, "6": 36}
    assert result.rounds[-1]["tally"]["1"] == 4313


def test_debian_2010_by_schulze(votes):
    assert counted(votes / "ranked" / "debian-2010-leader.toc", "schulze-wv")[0] == ["Stefano Zacchiroli"]


@pytest.mark.parametrize("method", ["stv-scottish", "stv-meek"])
def test_elects_several_as_in_dublin_and_glasgow(votes, method):
    elected = counted(votes / "ranked" / "dublin-west-2002.soi", method, Options(seats=3))[0]
    assert {"Brian Lenihan F.F.", "Joe Higgins S.P.", "Joan Burton Lab"} == set(elected)
    elected = counted(votes / "ranked" / "glasgow-2007-hillhead.soi", method, Options(seats=4))[0]
    assert set(elected) == {"George A Roberts", "Martha Ferguson Wardrop", "Kenneth Elder", "Hanzala Malik"}
    assert elected[0] == "George A Roberts"


def _report(votes: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((votes / "ranked" / f"{name}.rctab-report.json").read_text())["results"]
    return found


def _ours(name: str) -> str:
    return "UWI" if name == "Undeclared Write-ins" else name


def test_minneapolis_mayor_round_by_round_as_the_tabulator(votes):
    election = election_of(votes / "ranked" / "minneapolis-2013-mayor.profile.csv")
    result = irv(election, TieOrder.as_listed(election.candidates), batch=True, first_out=["UWI"])
    report = _report(votes, "minneapolis-2013-mayor")
    assert len(result.rounds) == len(report) == 33
    for ours, theirs in zip(result.rounds, report, strict=True):
        assert ours["tally"] == {_ours(name): int(total) for name, total in theirs["tally"].items()}
        assert ours["majority"] == int(theirs["threshold"])
        inactive = theirs["inactiveBallots"]
        assert ours["inactive"].get("exhausted", 0) == int(inactive["exhaustedChoices"])
        assert ours["inactive"]["overvoted"] == int(inactive["overvotes"])
        assert ours["inactive"]["skipped"] == int(inactive["skippedRankings"])
        out = {_ours(step["eliminated"]) for step in theirs["tallyResults"] if "eliminated" in step}
        assert set(ours.get("eliminated", [])) == out


def test_minneapolis_park_board_round_by_round_as_the_tabulator(votes):
    """Four decimal places there, five in Scotland, and ballots go on after marks that cannot be read; else the same rule."""
    election = election_of(votes / "ranked" / "minneapolis-2013-park.profile.csv")
    result = scottish(
        election, TieOrder.as_listed(election.candidates), 3, equal="skip", blanks=None, places=4, first_out=["UWI"]
    )
    assert result.winners == ["JOHN ERWIN", "ANNIE YOUNG", "MEG FORNEY"]
    tallies: list[dict[str, float]] = []
    for row in _report(votes, "minneapolis-2013-park")[:-1]:
        tally = {_ours(name): float(total) for name, total in row["tally"].items()}
        if not tallies or tally != tallies[-1]:
            tallies.append(tally)
    ours = [{name: float(total) for name, total in row["tally"].items()} for row in result.rounds]
    assert len(tallies) == 9
    assert ours == tallies
    assert result.variant["quota"] == 14866


def test_counts_pairs_as_the_plain_count_did(votes):
    for name in ("glasgow-2007-hillhead.soi", "dublin-west-2002.soi", "alaska-2022-special.profile"):
        expected = json.loads((votes / "expected" / "ranked" / f"{name.split('.')[0]}.json").read_text())
        assert table(election_of(votes / "ranked" / name)) == expected["plain"]["pairwise"]


@pytest.mark.slow
def test_lodz_by_equal_shares_is_what_pabutools_finds(votes):
    file = votes / "pb" / "Poland_Lodz_2020.pb"
    expected = json.loads((votes / "expected" / "pb" / "Poland_Lodz_2020.json").read_text())
    assert set(counted(file, "equal-shares")[1].winners) == set(expected["mes_cost_no_completion"]["selected"])
    assert set(counted(file, "greedy-votes")[1].winners) == set(expected["greedy_cost"]["selected"])
    # The peers know no least score: the file asks for 100 votes, and L113 has 78.
    budgeting = budget_of(file)
    assert (budgeting.least_score, budgeting.support[budgeting.projects.index("L113")]) == (100, 78)
    result = count(
        "equal-shares",
        replace(budgeting, least_score=0),
        TieOrder.as_listed(budgeting.projects),
        Options(completion="add-one-until-overspent"),
    )
    independent = json.loads((votes / "expected" / "pb" / "independent-numpy-mes.json").read_text())
    assert set(result.winners) == set(independent["Poland_Lodz_2020.pb"]["add1_stop_only_when_overspent"]["selected"])
    assert "L113" not in counted(file, "equal-shares", Options(completion="add-one-until-overspent"))[1].winners
