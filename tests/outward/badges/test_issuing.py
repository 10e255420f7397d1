"""What is handed out holds before other hands' verifiers, offline; and stops holding when the award does."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from joserfc.jwk import OKPKey
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier, check_credential_status, decode_encoded_list

from milepost.domain.people.erasure import erase
from milepost.engines.milestones.models import Award
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.outward.badges import addresses, baking, drawing, issuing, keys, proving, status
from milepost.outward.badges.models import Badge, SigningKey
from tests.factories import Cast, actor, make_award, make_cast, make_milestone, make_person, make_profile

from .plain_ed25519 import verifies

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, settings: Any) -> None:
    settings.MILEPOST_HOME = tmp_path
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }


@pytest.fixture
def cast() -> Cast:
    return make_cast(slug="stage", tagline="Music for all")


@pytest.fixture
def award(cast: Cast) -> Award:
    milestone = make_milestone(cast.community, slug="first-gig", name="First “live” gig 🎸", why="You stood there.")
    return make_award(cast.soraya, milestone, evidence="Two songs, one of them twice.")


def payload(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def pem(kid: str = "") -> bytes:
    """The public key that the site serves, as another program reads it."""
    jwk = SigningKey.objects.get(kid=kid).jwk if kid else SigningKey.objects.get().jwk
    key = OKPKey.import_key(jwk)
    return key.public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_another_library_verifies_it(award: Award) -> None:
    badge = issuing.issue(award=award, by=award.person, name="Soraya H.", with_evidence=True)
    found = OB3Verifier(pem()).verify(badge.token)
    assert found.issuer.id == addresses.issuer(award.community)
    assert found.achievement.name == "First “live” gig 🎸"
    said = payload(badge.token)
    assert said["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert said["evidence"] == [{"type": ["Evidence"], "narrative": "Two songs, one of them twice."}]
    assert said["awardedDate"].startswith(award.reached_on.isoformat())
    assert said["iss"] == said["issuer"]["id"]
    assert said["jti"] == said["id"]


def test_plain_arithmetic_verifies_it(award: Award) -> None:
    """By RFC 8032 alone, without any library that signs."""
    token = issuing.issue(award=award, by=award.person).token
    head, body, signature = token.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    x = SigningKey.objects.get().jwk["x"]
    public = base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))
    assert verifies(public, f"{head}.{body}".encode(), raw)
    assert not verifies(public, f"{head}.{body[:-1]}A".encode(), raw)


def test_a_changed_badge_is_not_believed(award: Award) -> None:
    token = issuing.issue(award=award, by=award.person).token
    head, _body, signature = token.split(".")
    said = payload(token) | {"name": "Nobel prize"}
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    with pytest.raises(OB3VerificationError):
        OB3Verifier(pem()).verify(f"{head}.{forged}.{signature}")
    ours = proving.read(f"{head}.{forged}.{signature}".encode())
    assert not ours.is_valid
    assert ours.problems


def test_it_says_no_more_than_the_member_chose(award: Award) -> None:
    said = issuing.issue(award=award, by=award.person).token
    text = json.dumps(payload(said))
    assert "Soraya" not in text
    assert "Two songs" not in text
    assert award.person.account.email not in text
    found = proving.read(said.encode())
    assert found.fits([award.person.account.email.upper()]) is True
    assert found.fits(["someone@else.example"]) is False


def test_the_status_list_says_what_was_taken_back(award: Award, cast: Cast) -> None:
    other = make_award(cast.ife, award.milestone)
    mine, hers = issuing.issue(award=award, by=award.person), issuing.issue(award=other, by=cast.ife)
    verifier = OB3Verifier(pem())
    asked: list[str] = []

    def served(address: str) -> bytes:
        asked.append(address)
        return str(status.signed_list(cast.community, 1)).encode()

    credential = verifier.verify(mine.token)
    check_credential_status(credential, served, verify_list=True, list_pubkey_pem=pem())
    assert asked == [addresses.status_list(cast.community, 1)]
    award.revoke(by=cast.lan, reason="It was another band.")
    from django.core.cache import cache

    cache.clear()
    with pytest.raises(OB3VerificationError, match="revocation"):
        check_credential_status(credential, served, verify_list=True, list_pubkey_pem=pem())
    check_credential_status(verifier.verify(hers.token), served, verify_list=True, list_pubkey_pem=pem())
    assert not proving.read(mine.token.encode()).is_valid
    assert proving.read(hers.token.encode()).is_valid


def test_a_word_taken_back_revokes_it_and_a_return_restores_it(award: Award, cast: Cast) -> None:
    badge = issuing.issue(award=award, by=award.person)
    award.revoke(by=cast.lan, reason="Mistaken.")
    assert Badge.objects.revoked().filter(pk=badge.pk).exists()
    Award.grant(person=award.person, milestone=award.milestone, reached_on=award.reached_on, how=Award.How.CLAIM)
    assert proving.read(badge.token.encode()).status == "valid"
    Award.objects.get(pk=award.pk).withdraw(by=award.person)
    assert proving.read(badge.token.encode()).status == "revoked"
    assert issuing.find(actor(award.person), badge.pk) is None


def test_the_bits_of_a_list_are_in_the_standards_order() -> None:
    bits = {0, 7, 8, 77_777, status.SIZE - 1}
    raw = decode_encoded_list(status.encoded(bits))
    assert len(raw) == 16 * 1024
    assert raw[0] == 0b1000_0001
    assert raw[1] == 0b1000_0000
    assert raw[-1] == 0b0000_0001
    assert sum(byte.bit_count() for byte in raw) == len(bits)


def test_another_library_finds_it_in_both_pictures(award: Award) -> None:
    token = issuing.issue(award=award, by=award.person).token
    picture = baking.into_png(drawing.png(hue=158), token)
    drawn = baking.into_svg(drawing.svg(hue=158, milestone="A & <b>", community="Ünïcode 音楽"), token)
    assert OB3Verifier.extract_token_from_png(picture) == token
    assert OB3Verifier.extract_token_from_svg(drawn.encode()) == token
    for content in (picture, drawn.encode()):
        assert proving.read(content).is_valid
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        image.load()
        assert image.size == (512, 512)
        assert image.text["openbadgecredential"] == token  # type: ignore[attr-defined]


def test_it_runs_out_with_the_award(cast: Cast) -> None:
    milestone = make_milestone(cast.community, valid_for_days=30)
    award = Award.grant(person=cast.soraya, milestone=milestone, reached_on=clock.today("UTC"), how=Award.How.CLAIM)
    token = issuing.issue(award=award, by=cast.soraya).token
    assert proving.read(token.encode()).is_valid
    with clock.moved(datetime.timedelta(days=31)):
        late = proving.read(token.encode())
    assert not late.is_valid
    assert "ran out" in late.problems[0]


def test_a_new_key_signs_and_the_old_one_still_verifies(award: Award, cast: Cast) -> None:
    first = issuing.issue(award=award, by=award.person)
    old = SigningKey.objects.get().kid
    new = keys.rotate().thumbprint()
    second = issuing.issue(award=make_award(cast.ife, award.milestone), by=cast.ife)
    assert {old, new} == {row["kid"] for row in keys.public_keys()}
    assert keys.public_keys()[0]["kid"] == new
    OB3Verifier(pem(old)).verify(first.token)
    OB3Verifier(pem(new)).verify(second.token)
    with pytest.raises(OB3VerificationError):
        OB3Verifier(pem(old)).verify(second.token)
    assert proving.read(first.token.encode()).is_valid
    assert proving.read(second.token.encode()).is_valid


def test_keys_lie_with_the_secrets_for_their_owner_only(award: Award) -> None:
    issuing.issue(award=award, by=award.person)
    (file,) = (settings.MILEPOST_HOME / "secrets").glob("*")
    assert file.name == "badge-key-0001"
    assert file.stat().st_mode & 0o077 == 0
    assert "d" in json.loads(file.read_text())
    assert all("d" not in row for row in keys.public_keys())


def test_a_lost_key_file_leaves_what_was_signed_true(award: Award, cast: Cast) -> None:
    token = issuing.issue(award=award, by=award.person).token
    (settings.MILEPOST_HOME / "secrets" / "badge-key-0001").unlink()
    assert proving.read(token.encode()).is_valid
    again = issuing.issue(award=make_award(cast.ife, award.milestone), by=cast.ife).token
    assert proving.read(again.encode()).is_valid
    assert SigningKey.objects.count() == 2


def test_a_damaged_key_file_says_what_to_do(award: Award) -> None:
    issuing.issue(award=award, by=award.person)
    (settings.MILEPOST_HOME / "secrets" / "badge-key-0001").write_text("{}")
    with pytest.raises(DomainError, match="badge-key-0001 is damaged"):
        issuing.issue(award=award, by=award.person)


def test_only_whose_it_is_has_it_made(award: Award, cast: Cast) -> None:
    for by in (cast.ife, cast.lan):
        with pytest.raises(NotAllowed):
            issuing.issue(award=award, by=by)
    ghost = make_award(make_person(cast.community), award.milestone)
    with pytest.raises(DomainError, match="sign-in"):
        issuing.issue(award=ghost, by=None)
    award.revoke(by=cast.lan, reason="No.")
    with pytest.raises(Conflict):
        issuing.issue(award=Award.objects.get(pk=award.pk), by=award.person)


def test_made_again_it_keeps_its_address_and_its_bit(award: Award) -> None:
    first = issuing.issue(award=award, by=award.person)
    again = issuing.issue(award=award, by=award.person, name="Soraya")
    assert (first.pk, first.list_index) == (again.pk, again.list_index)
    assert payload(first.token)["id"] == payload(again.token)["id"]
    assert payload(again.token)["credentialSubject"]["identifier"][1]["identityHash"] == "Soraya"


@pytest.mark.parametrize(
    ("choice", "visitor", "member"),
    [("public", True, True), ("community", False, True), ("first_name", False, False), ("private", False, False), ("none", False, False)],
)  # fmt: skip
def test_who_may_open_it(award: Award, cast: Cast, choice: str, visitor: bool, member: bool) -> None:
    make_profile(cast.soraya, celebration=choice)
    badge = issuing.issue(award=award, by=award.person)
    assert issuing.find(actor(award.person), badge.pk) == badge
    assert (issuing.find(actor(None, cast.community), badge.pk) is not None) == visitor
    assert (issuing.find(actor(cast.ife), badge.pk) is not None) == member
    assert (issuing.find(actor(cast.lan), badge.pk) is not None) == member
    assert issuing.find(actor(make_cast().amara), badge.pk) is None


def test_who_left_or_a_secret_milestone_is_shown_to_nobody_else(award: Award, cast: Cast) -> None:
    make_profile(cast.soraya, celebration="public")
    badge = issuing.issue(award=award, by=award.person)
    award.milestone.is_secret = True
    award.milestone.save()
    assert issuing.find(actor(cast.ife), badge.pk) is None
    award.milestone.is_secret = False
    award.milestone.save()
    from milepost.domain.people.belonging import leave

    leave(person=cast.soraya)
    assert issuing.find(actor(cast.ife), badge.pk) is None
    assert issuing.find(actor(None, cast.community), badge.pk) is None


def test_erasing_someone_empties_what_we_hold_and_leaves_their_own_copy_true(award: Award, cast: Cast) -> None:
    badge = issuing.issue(award=award, by=award.person, name="Soraya Haddad")
    token = badge.token
    erase(person=cast.soraya, by=None)
    kept = Badge.objects.get(pk=badge.pk)
    assert kept.token == ""
    assert hashlib.sha256(token.encode()).hexdigest() not in json.dumps(kept.token)
    assert proving.read(token.encode()).is_valid
    assert issuing.find(actor(None, cast.community), badge.pk) is None
