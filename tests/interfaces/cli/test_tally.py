"""`milepost tally`: a file counted from the command line."""

from __future__ import annotations

import hashlib
import json

import pytest

BALLOTS = "count,rank1,rank2,rank3\n4,Ann,Bo,undervote\n3,Bo,Ann,undervote\n2,Cy,Bo,undervote\n1,overvote,Ann,Bo\n"
PB = """META
key;value
budget;100
num_projects;2
num_votes;3
vote_type;approval
PROJECTS
project_id;cost;name
x;60;Bench
y;50;Well
VOTES
voter_id;vote
1;x,y
2;x
3;y
"""


@pytest.fixture
def ballots(tmp_path):
    file = tmp_path / "vote.profile.csv"
    file.write_text(BALLOTS)
    return file


@pytest.fixture
def budget(tmp_path):
    file = tmp_path / "vote.pb"
    file.write_text(PB)
    return file


def test_counts_ballots(answer, ballots):
    found = answer("tally", ballots, "--method", "irv")
    assert (found["method"], found["winners"], found["ties"]) == ("irv", ["Bo"], [])
    assert found["rounds"][-1]["tally"] == {"Ann": 4, "Bo": 5}
    assert found["input_sha256"] == hashlib.sha256(BALLOTS.encode()).hexdigest()
    assert found["engine"] == "1"
    assert found["tie_break"]["source"]
    assert found["ballot_cleaning"]["ballots_with_equal_ranks"] == 1
    assert found["rule"]["method"] == "irv"
    went_on = answer("tally", ballots, "--method", "irv", "--equal-ranks", "skip")
    assert went_on["rounds"][0]["tally"]["Ann"] == 5


def test_counts_several_seats_in_the_order_of_election(answer, ballots):
    assert answer("tally", ballots, "--method", "stv-scottish", "--seats", "2")["winners"] == ["Ann", "Bo"]
    level = answer("tally", ballots, "--method", "schulze-wv", "--seats", "2")
    assert level["winners"] == ["Ann", "Bo"]
    assert level["ties"][0]["between"] == ["Ann", "Bo"]


def test_selects_projects_and_names_what_decided_a_tie(answer, budget):
    found = answer("tally", budget, "--method", "equal-shares", "--completion", "add-one-then-greedy")
    assert found["selected"] == ["y"]
    assert (found["cost"], found["budget"], found["names"]) == (50, 100, {"x": "Bench", "y": "Well"})
    given = answer("tally", budget, "--method", "plurality", "--tie-order", "y,x", "--equal-ranks", "skip")
    assert given["tie_break"] == {"order": ["y", "x"], "source": "given with the count"}
    assert given["winners"] == ["y"]
    assert given["ties"][0]["between"] == ["x", "y"]
    drawn = [answer("tally", budget, "--method", "approval", "--tie-seed", "lot")["tie_break"] for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_asks_for_consent(answer, tmp_path):
    file = tmp_path / "answers.profile.csv"
    file.write_text("count,rank1\n5,agree\n1,disagree\n2,abstain\n")
    found = answer("tally", file, "--method", "consent", "--eligible", "12", "--quorum", "2/3", "--threshold", "0.8")
    assert found["carried"] is True
    assert found["rounds"][0]["tests"] == {"quorum": True, "objections": True, "threshold": True}
    assert answer("tally", file, "--method", "consent", "--eligible", "13", "--quorum", "2/3")["carried"] is False


@pytest.mark.parametrize("method", ["irv", "stv-meek", "stv-scottish", "ranked-pairs", "star", "approval", "consent"])
def test_tells_people_in_a_table(command, ballots, method, tmp_path):
    if method == "consent":
        ballots.write_text("count,rank1\n5,agree\n1,object\n")
    done = command("tally", ballots, "--method", method)
    assert done.exit_code == 0, done.output
    assert "SHA-256" in done.stdout
    assert ("object" if method == "consent" else "Bo") in done.stdout


def test_tells_people_of_a_budget(command, budget):
    done = command("tally", budget, "--method", "greedy-votes")
    assert "1 projects for 50 of 100. 2 of 3 voters have one of their own." in done.stdout
    assert "Tie in round 1" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--method", "irv", "--seats", "2"), "elects one"),
        (("--method", "equal-shares"), "spends a budget"),
        (("--method", "irv", "--tie-order", "Ann"), "everybody once"),
        (("--method", "irv", "--tie-order", "a", "--tie-seed", "b"), "not both"),
        (("--method", "consent"), "more than one answer"),
        (("--method", "approval", "--seats", "9"), "9 cannot be elected of 3"),
    ],
)  # fmt: skip
def test_refuses_with_a_message_and_a_status(command, ballots, words, says):
    done = command("tally", ballots, *words)
    assert done.exit_code == 1
    assert says in done.stderr
    assert done.stdout == ""


def test_refuses_a_malformed_file_by_its_line(command, budget):
    budget.write_text(PB.replace("3;y", "3;z"))
    done = command("tally", budget, "--method", "greedy-votes", "--json")
    assert done.exit_code == 1
    assert "vote.pb, line 15: the ballot names 'z', which is no project." in json.loads(done.stdout)["error"]["message"]
    cut = PB[: PB.index("3;y")]
    budget.write_text(cut)
    assert "there are 2" in command("tally", budget, "--method", "greedy-votes").stderr
    assert command("tally", budget, "--method", "greedy-votes", "--lenient").exit_code == 0


def test_wrong_options_end_with_two(command, ballots):
    assert command("tally", ballots, "--method", "coin").exit_code == 2
    assert command("tally", ballots, "--method", "consent", "--quorum", "3").exit_code == 2
    assert command("tally", "/nowhere.pb", "--method", "irv").exit_code == 2


def test_forgets_a_least_score_only_when_asked(answer, budget):
    budget.write_text(PB.replace("vote_type", "min_project_score_threshold;3\nvote_type"))
    assert answer("tally", budget, "--method", "greedy-votes")["selected"] == []
    assert answer("tally", budget, "--method", "greedy-votes", "--ignore-threshold")["selected"] == ["y"]


def test_a_bench_counts_generated_votes_and_says_what_it_aims_at(command, tmp_path, monkeypatch):
    monkeypatch.delenv("MILEPOST_SHARED", raising=False)
    out = tmp_path / "figures.json"
    done = command("bench", "cocreate", "--quick", "--json", out)
    assert done.exit_code == 0, done.output
    figures = json.loads(out.read_text())["cocreate"]
    assert figures["against"]["same"] is True
    assert figures["against"]["steps"] > 0
    assert figures["budgets"][-1]["selected"] > 0
    assert figures["elections"][0]["ballots"] == 3_000
    assert "under 1.0 s" in done.stdout
