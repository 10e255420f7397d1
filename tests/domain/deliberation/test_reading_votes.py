"""Files of votes: what is read, and what is said of a file that is not as it should be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from milepost.domain.deliberation.counting.ballots import SEVERAL, Election
from milepost.domain.deliberation.counting.budgets import Budgeting
from milepost.domain.deliberation.reading import Malformed, read

PB = """META
key;value
description;A "quoted; word" is fine
budget;2500
num_projects;3
num_votes;3
vote_type;approval
PROJECTS
project_id;cost;name
1;600;"Bench; with roof"
2;800.50;Well
4;1400;Path
VOTES
voter_id;age;vote
a;30;1,2
b;31;4
c;32;
"""
TOI = """# TITLE: Vote
# NUMBER ALTERNATIVES: 3
# NUMBER VOTERS: 6
# NUMBER UNIQUE ORDERS: 3
# ALTERNATIVE NAME 1: Ada
# ALTERNATIVE NAME 2: Ben: the second
# ALTERNATIVE NAME 3: Cy
3: 1,{2,3}
2: 2
1: {1, 3},2
"""


def budget_of(path: Path, *, lenient: bool = False) -> Budgeting:
    found = read(path, lenient=lenient)
    assert isinstance(found, Budgeting)
    return found


def election_of(path: Path) -> Election:
    found = read(path)
    assert isinstance(found, Election)
    return found


@pytest.fixture
def file(tmp_path: Path):
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "change",
    [lambda t: t, lambda t: t.replace("\n", "\r\n"), lambda t: "\ufeff" + t, lambda t: re.sub(r";(?! )", "; ", t)],
)
def test_reads_a_budget(file, change):
    found = budget_of(file("a.pb", change(PB)))
    assert found.projects == ("1", "2", "4")
    assert found.names == ("Bench; with roof", "Well", "Path")
    assert (found.costs, found.budget, found.scale) == ((6000, 8005, 14000), 25000, 10)
    assert found.ballots == {((0, 1), (1, 1)): 1, ((2, 1),): 1, (): 1}
    assert found.in_currency(8005) == "800.5"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("META\nkey;value\n", "", 1, "before any section"),
        ("vote_type;approval", "vote_type;thumbs", 7, "vote_type is 'thumbs'"),
        ("budget;2500", "budget;-1", 4, "the budget is '-1'"),
        ("budget;2500\n", "", 7, "without 'budget'"),
        ("1;600", "1;-600", 10, "cost of '1' is '-600'"),
        ("1;600", "1;1e400", 10, "1e400"),
        ("1;600", "1;nan", 10, "nan"),
        ("1;600", f"1;{'9' * 40}", 10, "9999"),
        ("4;1400;Path", "1;1400;Path", 12, "a second time"),
        ("b;31;4", "b;31;5", 16, "names '5'"),
        ("b;31;4", "a;31;4", 16, "'a' stands here a second time"),
        ("b;31;4", "b;31", 16, "has 2 fields"),
        ("c;32;\n", "", 16, "there are 2"),
        ("num_projects;3", "num_projects;4", 17, "there are 3"),
        ("num_votes;3", "num_votes;many", 6, "num_votes is 'many'"),
        ("voter_id;age;vote", "voter;age;vote", 14, "no column 'voter_id'"),
        ("project_id;cost;name", "project_id;name", 9, "no column 'cost'"),
        ('"Bench; with roof"', '"Bench; with roof', 10, "no row of a table"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_in_a_budget_and_where(file, old, new, line, says):
    assert old in PB
    with pytest.raises(Malformed) as caught:
        read(file("a.pb", PB.replace(old, new)))
    assert says in caught.value.message
    assert caught.value.line == line
    assert f"line {line}" in caught.value.message
    assert caught.value.hint.startswith("Expected: ")


@pytest.mark.parametrize("length", range(0, len(PB) - 1, 7))
def test_a_budget_that_is_cut_off_is_refused(file, length):
    """Wherever it ends: cut inside the last ballot it would be another vote, or none."""
    with pytest.raises(Malformed):
        read(file("a.pb", PB[:length]))


def test_lenient_notes_what_does_not_agree(file):
    found = budget_of(file("a.pb", PB.replace("num_votes;3", "num_votes;4")), lenient=True)
    assert found.notes == ("META says 4 votes, there are 3",)


def test_reads_points_and_ranks(file):
    text = PB.replace("vote_type;approval", "vote_type;cumulative").replace("voter_id;age;vote", "voter_id;points;vote")
    rows = text.replace("a;30;1,2", "a;2.5,1;1,2").replace("b;31;4", "b;3;4").replace("c;32;", "c;;")
    assert budget_of(file("a.pb", rows)).ballots == {((0, 5), (1, 2)): 1, ((2, 6),): 1, (): 1}
    with pytest.raises(Malformed, match="2 projects have 1 points"):
        read(file("a.pb", rows.replace("2.5,1", "2")))
    with pytest.raises(Malformed, match="below 0"):
        read(file("a.pb", rows.replace("2.5,1", "2,-1")))
    scoring = budget_of(file("a.pb", rows.replace("cumulative", "scoring").replace("2.5,1", "2,-1")))
    assert scoring.points == [2, -1, 3]
    assert scoring.eligible == [0, 2]
    ordinal = budget_of(file("a.pb", PB.replace("vote_type;approval", "max_length;2\nvote_type;ordinal")))
    assert ordinal.ballots == {((0, 2), (1, 1)): 1, ((2, 2),): 1, (): 1}


@pytest.mark.parametrize("change", [lambda t: t, lambda t: t.replace("\n", "\r\n"), lambda t: t + "\n\n"])
def test_reads_orders(file, change):
    found = election_of(file("a.toi", change(TOI)))
    assert (found.candidates, found.names) == (("1", "2", "3"), ("Ada", "Ben: the second", "Cy"))
    assert found.rankings == {((0,), (1, 2)): 3, ((1,),): 2, ((0, 2), (1,)): 1}


@pytest.mark.parametrize(
    ("old", "new", "name", "line", "says"),
    [
        ("# NUMBER ALTERNATIVES: 3\n", "", "a.toi", 7, "no NUMBER ALTERNATIVES"),
        ("# ALTERNATIVE NAME 3: Cy\n", "", "a.toi", 7, "names 2"),
        ("NAME 3: Cy", "NAME 2: Cy", "a.toi", 7, "named twice"),
        ("2: 2\n", "2: 2,\n", "a.toi", 9, "ends with a comma"),
        ("2: 2\n", "2: 4\n", "a.toi", 9, "alternative 4"),
        ("2: 2\n", "2: 2,2\n", "a.toi", 9, "twice"),
        ("2: 2\n", "2: {2,3\n", "a.toi", 9, "cannot be read"),
        ("2: 2\n", "two: 2\n", "a.toi", 9, "no order"),
        ("2: 2\n", "", "a.toi", 9, "there are 4"),
        ("2: 2\n", "2: 2\n# TITLE: late\n", "a.toi", 10, "among the orders"),
        ("TITLE", "TITLE", "a.soi", 8, ".soi has none"),
        ("TITLE", "TITLE", "a.toc", 9, ".toc names all"),
        ("VOTERS: 6", "VOTERS: six", "a.toi", 3, "'six'"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_in_orders_and_where(file, old, new, name, line, says):
    assert old in TOI
    with pytest.raises(Malformed) as caught:
        read(file(name, TOI.replace(old, new)))
    assert says in caught.value.message
    assert caught.value.line == line


def test_reads_profiles(file):
    found = election_of(file("a.profile.csv", 'count,rank1,rank2\n3,"Ann, jr.",Bo\n2,undervote,Bo\n1,overvote,Bo\n'))
    assert found.candidates == ("Ann, jr.", "Bo")
    assert found.rankings == {((0,), (1,)): 3, ((), (1,)): 2, (SEVERAL, (1,)): 1}
    found = election_of(file("a.profile", "Ann,Bo\nX,Y\n-+-\n(Bo,Ann) : 3\n() : 2\n"))
    assert found.rankings == {((1,), (0,)): 3, (): 2}


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.profile.csv", "", 1),
        ("a.profile.csv", "votes,rank1\n1,A\n", 1),
        ("a.profile.csv", "count,rank1\n1,A,B\n", 2),
        ("a.profile.csv", "count,rank1\n1,A\n-3,B\n", 3),
        ("a.profile", "", 1),
        ("a.profile", "A,A\nx,y\n-+-\n", 1),
        ("a.profile", "A,B\nx,y\n(A) : 1\n", 3),
        ("a.profile", "A,B\nx,y\n-+-\n(A : 1\n", 4),
        ("a.profile", "A,B\nx,y\n-+-\n(C) : 1\n", 4),
        ("a.pb", b"META\nkey;value\nname;\xff\n", 3),
        ("a.toi", b"# TITLE: \xff\n", 1),
        ("a.doc", "", None),
    ],
)
def test_says_what_is_wrong_elsewhere(file, name, content, line):
    with pytest.raises(Malformed) as caught:
        read(file(name, content))
    assert caught.value.line == line


def test_right_to_left_and_long_names_stay_as_they_are(file):
    long = "ש" * 10_000
    found = budget_of(file("a.pb", PB.replace("Well", long)))
    assert found.names[1] == long
