"""Badges on pages: made by whose they are, checked by anyone, brought from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from joserfc.jwk import OKPKey
from openbadgeslib.ob3 import (
    Achievement,
    Issuer,
    OB3Signer,
    OB3Verifier,
    OpenBadgeCredential,
    decode_encoded_list,
    did_key_from_pem,
)

from milepost.engines.milestones.models import Award, MilestoneClaim
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Person
from milepost.outward.badges import proving
from milepost.outward.badges.models import Badge, OutsideBadge
from tests.factories import Cast, make_award, make_cast, make_member, make_milestone, make_profile

pytestmark = pytest.mark.django_db

BASE = "/c/stage/badges/"


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, settings: Any) -> None:
    cache.clear()
    settings.MILEPOST_HOME = tmp_path
    settings.MILEPOST_URL = "http://testserver"


@pytest.fixture
def cast() -> Cast:
    return make_cast(slug="stage", tagline="Music for all")


@pytest.fixture
def award(cast: Cast) -> Award:
    milestone = make_milestone(cast.community, slug="first-gig", name="First live gig", why="You stood there.")
    return make_award(cast.soraya, milestone, evidence="Two songs.")


def client(who: Person | None = None) -> Client:
    made = Client()
    if who is not None:
        made.force_login(who.account)
    return made


def made(award: Award, **form: Any) -> Badge:
    answer = client(award.person).post(f"{BASE}of/{award.pk}/", {"name": "", **form})
    assert answer.status_code == 302
    return Badge.objects.get(award=award)


def payload(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_verifier_finds_everything_at_the_addresses_that_the_badge_names(award: Award, cast: Cast) -> None:
    """As a stranger's program does it: the key by `kid`, the issuer, the achievement, its picture, the status list."""
    badge = made(award, name="whole", with_evidence="on")
    said = payload(badge.token)
    header = json.loads(base64.urlsafe_b64decode(badge.token.split(".")[0] + "=="))
    stranger = client()

    def fetched(address: str) -> Any:
        answer = stranger.get(address)
        assert answer.status_code == 200, address
        assert answer["Access-Control-Allow-Origin"] == "*"
        return answer

    jwk = fetched(header["kid"]).json()
    key = OKPKey.import_key(jwk)
    verifier = OB3Verifier(key.as_pem(private=False))
    found = verifier.verify(badge.token)
    issuer = fetched(found.issuer.id).json()
    assert issuer["id"] == said["issuer"]["id"]
    assert jwk["kid"] in {row["kid"] for row in fetched(f"{BASE}keys.json").json()["keys"]}
    achievement = fetched(said["credentialSubject"]["achievement"]["id"]).json()
    assert achievement == said["credentialSubject"]["achievement"]
    assert fetched(achievement["image"]["id"])["Content-Type"] == "image/png"
    listed = fetched(said["credentialStatus"]["statusListCredential"])
    assert listed["Content-Type"] == "application/vc+jwt"
    bits = decode_encoded_list(payload(listed.content.decode())["credentialSubject"]["encodedList"])
    assert sum(byte.bit_count() for byte in bits) == 0
    verifier.check_status(found, verify_list=True, download=lambda url: stranger.get(url).content)
    award.revoke(by=cast.lan, reason="No.")
    cache.clear()
    bits = decode_encoded_list(
        payload(fetched(listed.request["PATH_INFO"]).content.decode())["credentialSubject"]["encodedList"]
    )
    assert bits[badge.list_index // 8] == 0x80 >> (badge.list_index % 8)


def test_the_files_hold_the_proof(award: Award) -> None:
    badge = made(award)
    soraya = client(award.person)
    page = f"{BASE}{badge.pk}/"
    png, svg, jwt = (soraya.get(page + name) for name in ("badge.png", "badge.svg", "credential.jwt"))
    assert OB3Verifier.extract_token_from_png(png.content) == badge.token
    assert OB3Verifier.extract_token_from_svg(svg.content) == badge.token
    assert jwt.content.decode() == badge.token
    assert 'filename="first-live-gig.png"' in png["Content-Disposition"]
    assert "It holds" in soraya.get(page).content.decode()
    asked = soraya.get(page, headers={"accept": "application/json"})
    assert asked["Content-Type"] == "application/vc+jwt"


@pytest.mark.parametrize(
    ("choice", "visitor", "member"),
    [
        ("public", 200, 200),
        ("community", 404, 200),
        ("first_name", 404, 404),
        ("private", 404, 404),
        ("none", 404, 404),
    ],
)
def test_pages_and_files_are_shown_as_the_member_chose(
    award: Award, cast: Cast, choice: str, visitor: int, member: int
) -> None:
    make_profile(cast.soraya, celebration=choice)
    badge = made(award)
    for tail in ("", "badge.png", "badge.svg", "credential.jwt"):
        address = f"{BASE}{badge.pk}/{tail}"
        assert client(cast.soraya).get(address).status_code == 200
        assert client().get(address).status_code == visitor
        assert client(make_member()).get(address).status_code == visitor
        assert client(cast.ife).get(address).status_code == member
        assert client(cast.lan).get(address).status_code == member


def test_nobody_makes_anothers(award: Award, cast: Cast) -> None:
    for who in (cast.ife, cast.lan):
        assert client(who).get(f"{BASE}of/{award.pk}/").status_code == 404
        assert client(who).post(f"{BASE}of/{award.pk}/", {"name": "whole"}).status_code == 404
    assert client().get(f"{BASE}of/{award.pk}/").status_code == 302
    assert not Badge.objects.exists()


def test_it_names_the_member_as_they_ask(award: Award, cast: Cast) -> None:
    make_profile(cast.soraya, called="Sori")
    for how, name in (("", None), ("called", "Sori"), ("whole", "Soraya Haddad")):
        said = payload(made(award, name=how).token)["credentialSubject"]["identifier"]
        assert [one["identityHash"] for one in said if one["identityType"] == "name"] == ([name] if name else [])


def test_a_closed_communitys_milestones_are_named_only_by_badges(award: Award, cast: Cast) -> None:
    cast.community.visibility = "members"
    cast.community.save()
    other = make_milestone(cast.community, slug="other", name="Other")
    assert client().get(f"{BASE}achievements/{award.milestone.slug}/").status_code == 404
    made(award)
    assert client().get(f"{BASE}achievements/{award.milestone.slug}/").status_code == 200
    assert client().get(f"{BASE}achievements/{other.slug}/").status_code == 404
    assert client().get(f"{BASE}issuer.json").status_code == 200
    assert client().get(f"{BASE}status/1/").status_code == 200
    assert client().get(f"{BASE}status/2/").status_code == client().get(f"{BASE}keys/nothing.json").status_code == 404


# --- from elsewhere ------------------------------------------------------------------------------------


def foreign(mail: str = "", *, did: bool = True) -> tuple[bytes, OKPKey]:
    """A badge that another program made and signed, with the key that it used."""
    key = OKPKey.generate_key("Ed25519", private=True)
    private, public = key.as_pem(private=True), key.as_pem(private=False)
    issuer = Issuer(id=did_key_from_pem(public) if did else "https://school.example/issuer", name="Night School")
    achievement = Achievement(
        id="https://school.example/sound",
        name="Sound engineering",
        description="Ran a desk.",
        criteria_narrative="Ran one.",
    )
    credential = OpenBadgeCredential(
        issuer=issuer, recipient_id=f"mailto:{mail}" if mail else "did:example:me", achievement=achievement
    )
    token = OB3Signer(private, algorithm="EdDSA").sign(credential)
    return token.encode(), key


def bring(who: Person, content: bytes, name: str = "badge.jwt", keys: bytes = b"", query: str = "") -> Any:
    files: dict[str, Any] = {"badge": SimpleUploadedFile(name, content)}
    if keys:
        files["keys"] = SimpleUploadedFile("keys.json", keys)
    return client(who).post(f"{BASE}bringing/{query}", files)


def test_anothers_badge_is_proved_and_kept_as_evidence(cast: Cast) -> None:
    stone = make_milestone(cast.community, slug="sound", name="Ran the desk")
    token, _key = foreign()
    answer = bring(cast.soraya, token, query="?for=sound")
    assert answer.status_code == 302
    kept = OutsideBadge.objects.get()
    assert (kept.name, kept.issuer, kept.proof, kept.milestone) == (
        "Sound engineering",
        "Night School",
        "issuer",
        stone,
    )
    page = client(cast.soraya).get(answer.url).content.decode()
    assert "Night School" in page
    assert "/milestones/sound/claim/" in page
    assert client(cast.lan).get(answer.url).status_code == 404
    bring(cast.soraya, token)
    assert OutsideBadge.objects.count() == 1
    client(cast.lan).post(f"{answer.url}removal/")
    assert OutsideBadge.objects.exists()
    client(cast.soraya).post(f"{answer.url}removal/")
    assert not OutsideBadge.objects.exists()


def test_a_key_that_comes_along_proves_it(cast: Cast) -> None:
    token, key = foreign(did=False)
    public = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
    assert bring(cast.soraya, token, keys=public).status_code == 302
    assert OutsideBadge.objects.get().proof == "given"
    other = json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False)).encode()
    found = proving.read(token, given=proving.keys_in(other))
    assert found.proof != "given"
    private = json.dumps(key.as_dict(private=True)).encode()
    assert "private key" in bring(cast.ife, token, keys=private).content.decode()


def test_it_must_have_been_given_to_who_brings_it(cast: Cast) -> None:
    mine, _key = foreign(cast.soraya.account.email)
    assert bring(cast.ife, mine).status_code == 422
    assert bring(cast.soraya, mine).status_code == 302
    assert OutsideBadge.objects.get().recipient_fits is True


def test_what_only_its_own_word_proves_is_said_to_be_so(cast: Cast) -> None:
    token, _key = foreign(did=False)
    bring(cast.soraya, token)
    assert OutsideBadge.objects.get().proof == "inside"
    assert not proving.read(token).is_valid


def test_one_that_was_changed_or_is_anothers_is_not_kept(cast: Cast, award: Award) -> None:
    token, _key = foreign()
    head, body, signature = token.decode().split(".")
    said = payload(token.decode())
    said["credentialSubject"]["achievement"]["name"] = "Nobel prize"
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    answer = bring(cast.soraya, f"{head}.{forged}.{signature}".encode())
    assert answer.status_code == 422
    assert "changed" in answer.content.decode()
    hers = made(award).token.encode()
    assert bring(cast.ife, hers).status_code == 422
    assert bring(cast.soraya, hers).status_code == 302
    assert OutsideBadge.objects.get().proof == "ours"
    assert body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"{}",
        b"[1, 2]",
        b"a.b.c",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffiTXt",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><svg>&a;</svg>",
        b'{"type": ["OpenBadgeCredential"]}',
        b'{"type": {"a": 1}, "credentialSubject": {"achievement": {}}}',
        b"[" * 100_000,
        b"eyJhbGciOiJub25lIn0.e30.",
        "\N{GRINNING FACE}".encode() * 10,
    ],
)
def test_files_that_are_no_badge(cast: Cast, content: bytes) -> None:
    if content:
        with pytest.raises(DomainError):
            proving.read(content)
    assert bring(cast.soraya, content).status_code == 422
    assert not OutsideBadge.objects.exists()


def test_a_picture_that_swells_is_refused(cast: Cast) -> None:
    import struct
    import zlib

    body = b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"A" * 100_000_000, 9)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(body)) + b"iTXt" + body + b"0000"
    with pytest.raises(DomainError, match="larger than any badge"):
        proving.read(bomb)


def test_no_algorithm_but_the_keys_own(cast: Cast) -> None:
    """`none`, and a public key taken for a shared secret, prove nothing."""
    token, key = foreign(did=False)
    body = token.decode().split(".")[1]
    unsigned = f"{_part(b'{"alg":"none"}')}.{body}."
    head = f"{_part(b'{"alg":"HS256"}')}.{body}"
    digest = hmac.new(key.as_pem(private=False), head.encode(), hashlib.sha256).digest()
    mixed = f"{head}.{_part(digest)}"
    for one in (unsigned, mixed):
        found = proving.read(one.encode(), given=[key.as_dict(private=False)])
        assert found.proof == "unchecked"
        assert found.problems
        assert bring(cast.soraya, one.encode()).status_code == 422


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_whoever_verifies_a_claim_sees_the_badge_that_came_with_it(cast: Cast) -> None:
    make_milestone(cast.community, slug="sound", name="Ran the desk", verified_by="steward")
    token, _key = foreign()
    bring(cast.soraya, token, query="?for=sound")
    soraya, lan = client(cast.soraya), client(cast.lan)
    assert "?for=sound" in soraya.get("/c/stage/milestones/sound/claim/").content.decode()
    soraya.post("/c/stage/milestones/sound/claim/", {"reached_on": "2026-01-05", "evidence": "See the badge."})
    page = f"/c/stage/verification/{MilestoneClaim.objects.get().pk}/"
    seen = lan.get(page).content.decode()
    assert "Night School" in seen
    assert "itself contains" in seen
    lan.post(page, {"decision": "confirm", "reason": ""})
    award = Award.objects.get(milestone__slug="sound")
    assert "Night School" in lan.get(f"/c/stage/awards/{award.pk}/").content.decode()
    assert "Get the badge" in soraya.get(f"/c/stage/awards/{award.pk}/").content.decode()
    assert "Night School" not in client(cast.ife).get(f"/c/stage/awards/{award.pk}/").content.decode()
