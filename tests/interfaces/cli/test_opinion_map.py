"""`milepost opinion-map`: a Polis folder, as JSON and in words; a broken one is refused by line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        f"{p * 100 + s},x,{s},{p},{1 if s == 0 or (p + s) % 2 == 0 else -1}"
        for p in range(30)
        for s in range(10)
        if (p * 7 + s * 3) % 11
    ]
    (tmp_path / "votes.csv").write_text("timestamp,datetime,comment-id,voter-id,vote\n" + "\n".join(rows) + "\n")
    words = "".join(f"{s},1,Statement number {s}\n" for s in range(11))
    (tmp_path / "comments.csv").write_text("comment-id,moderated,comment-body\n" + words)
    return tmp_path


def test_json_has_people_groups_and_counts(folder: Path, answer: Callable[..., Any]):
    told = answer("opinion-map", folder)
    assert (told["people"], told["statements"], told["statements_voted_on"]) == (30, 11, 10)
    assert [group["size"] for group in told["groups"]] == [15, 15]
    assert len(told["variance_explained"]) == 2
    shared = told["statement_counts"][0]
    assert [one["disagree"] for one in shared["groups"]] == [0, 0]
    assert sum(one["agree"] for one in shared["groups"]) == shared["agree"] == shared["seen"]
    assert [one["statement"] for one in told["consensus"]["agree"]] == [0]
    assert all(told["representative"][str(group)] for group in (0, 1))
    assert "agreement_with_polis" not in told


def test_the_same_in_words(folder: Path, command: Callable[..., Result]):
    done = command("opinion-map", folder)
    assert done.exit_code == 0
    assert "Those who answer alike form 2 groups." in done.output
    assert "100 % agree: “Statement number 0”" in done.output


def test_a_broken_folder_is_refused(tmp_path: Path, command: Callable[..., Result]):
    (tmp_path / "votes.csv").write_text("timestamp,comment-id,voter-id,vote\n1,1,1,5\n")
    done = command("opinion-map", tmp_path)
    assert done.exit_code == 1
    assert "votes.csv, line 2: “5” is no vote" in done.output
