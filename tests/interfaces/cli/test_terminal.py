"""What a command prints: columns that line up, bars only where somebody looks."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime

from milepost.interfaces.cli.terminal import Terminal, in_columns


def test_columns_line_up_whatever_the_letters():
    text = in_columns([["橋本", "a"], ["Ìfẹ́", "b"], ["Lan N", "c"]])
    assert text.splitlines() == ["橋本   a", "Ìfẹ́    b", "Lan N  c"]


def test_a_table_in_words_and_in_json(capsys):
    rows = [{"name": "Lan", "at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "left": None}]
    columns = {"name": "Name", "at": "Since", "left": "Left"}
    Terminal().table(rows, columns, "nobody")
    assert capsys.readouterr().out == "Name  Since                Left\nLan   2026-03-01 09:30:00  –\n"
    Terminal(json=True).table(rows, columns, "nobody")
    assert json.loads(capsys.readouterr().out) == [{"name": "Lan", "at": "2026-03-01T09:30:00+00:00", "left": None}]
    Terminal().table([], columns, "nobody")
    assert capsys.readouterr().out == "nobody\n"


def test_without_a_terminal_long_work_says_a_line_now_and_then(capsys, monkeypatch):
    moment = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    with Terminal().progress("Backup") as report:
        for done in range(0, 2500, 100):
            report(done, 2500, "files")
            moment[0] += 1
    out, said = capsys.readouterr()
    assert out == ""
    assert said.splitlines() == ["Backup: 1,000 of 2,500 files", "Backup: 2,000 of 2,500 files"]


def test_with_a_terminal_it_draws_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Terminal().progress("Backup") as report:
        report(3, 10)
        report(10, 10)
    assert capsys.readouterr().out == ""
