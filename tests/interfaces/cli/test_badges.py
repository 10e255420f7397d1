"""`milepost badges export|verify|keys`: what it says, and what it exits with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from openbadgeslib.ob3 import OB3Verifier

from milepost.engines.milestones.models import Award
from milepost.outward.badges.models import SigningKey
from tests.factories import Cast, make_award, make_cast, make_milestone

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, settings: Any) -> None:
    settings.MILEPOST_HOME = tmp_path


@pytest.fixture
def cast() -> Cast:
    made = make_cast(slug="stage")
    make_award(made.soraya, make_milestone(made.community, slug="first-gig", name="First gig"))
    return made


ASKED = ("--community", "stage", "--milestone", "first-gig")


@pytest.mark.parametrize("ending", ["png", "svg", "jwt"])
@pytest.mark.parametrize("who", ["soraya", "@soraya", "soraya.stage@example.org"])
def test_what_is_exported_verifies(answer: Any, cast: Cast, tmp_path: Path, ending: str, who: str) -> None:
    file = tmp_path / f"badge.{ending}"
    made = answer("badges", "export", *ASKED, "--member", who, file)
    assert made["milestone"] == "first-gig"
    found = answer("badges", "verify", file, "--mail", cast.soraya.account.email)
    assert (found["valid"], found["proof"], found["status"], found["problems"]) == (True, "ours", "valid", [])


def test_another_program_verifies_the_same_file(command: Any, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "badge.png"
    command("badges", "export", *ASKED, "--member", "soraya", "--named", file)
    token = OB3Verifier.extract_token_from_png(file.read_bytes())
    key = OKPKey.import_key(SigningKey.objects.get().jwk)
    assert OB3Verifier(key.as_pem(private=False)).verify(token).achievement.name == "First gig"


def test_what_does_not_hold_exits_with_one_and_says_why(command: Any, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "badge.jwt"
    command("badges", "export", *ASKED, "--member", "soraya", file)
    other = command("badges", "verify", file, "--mail", "else@example.org")
    assert other.exit_code == 1
    assert "another address" in other.output
    Award.objects.get().revoke(by=cast.lan, reason="No.")
    gone = command("badges", "verify", file, "--json")
    assert gone.exit_code == 1
    assert json.loads(gone.stdout)["status"] == "revoked"
    file.write_bytes(b"nothing")
    assert command("badges", "verify", file).exit_code == 1


def test_what_cannot_be_exported_is_said_plainly(command: Any, cast: Cast, tmp_path: Path) -> None:
    for words, said in (
        (("--member", "soraya", tmp_path / "badge.gif"), "ends in .png"),
        (("--member", "nobody", tmp_path / "badge.png"), "has no award"),
        (("--member", "ife", tmp_path / "badge.png"), "has no award"),
    ):
        done = command("badges", "export", *ASKED, *words)
        assert done.exit_code == 1
        assert said in done.output


def test_keys_are_listed_and_rotated(answer: Any, cast: Cast, tmp_path: Path) -> None:
    assert answer("badges", "keys") == []
    file = tmp_path / "badge.svg"
    answer("badges", "export", *ASKED, "--member", "soraya", file)
    (first,) = answer("badges", "keys")
    newest, older = answer("badges", "keys", "--rotate")
    assert older["kid"] == first["kid"] != newest["kid"]
    assert answer("badges", "verify", file)["valid"]


def test_backups_hold_the_keys(answer: Any, cast: Cast, tmp_path: Path) -> None:
    """They lie where backups look: directly in `secrets`, under a name of their own."""
    from milepost.interfaces.cli.backups.making import _files

    answer("badges", "export", *ASKED, "--member", "soraya", tmp_path / "badge.png")
    names = {name for name, _file, _size in _files(with_secrets=True)}
    assert "secrets/badge-key-0001" in names
    assert "secrets/badge-key-0001" not in {name for name, _file, _size in _files(with_secrets=False)}
