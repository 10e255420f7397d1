"""Is a badge true? Judged from what it brings, without asking any other machine.

A signature is worth as much as the key: one that this site signed with; one that the issuer's name itself contains (did:key,
did:jwk); one that was given along with it; or one that only the badge brings, which proves that it is whole and not who
signed it.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import NO_ID

from . import baking
from .models import Badge, OutsideBadge, SigningKey
from .signatures import Algorithms

LARGEST = 5 * 2**20
"""Bytes of a file that may hold a badge."""
ALGORITHMS = {"OKP": ("EdDSA", "Ed25519"), "EC": ("ES256", "ES384"), "RSA": ("RS256", "PS256")}
"""By the kind of key: what a badge names is never taken alone, so that no key is used for what it is not."""
ASYMMETRIC = {"Ed", "ES", "RS", "PS"}
"""How the names of signatures begin that need a private key; "none" and shared secrets (HS256) are not among them."""
TYPES = {"OpenBadgeCredential", "AchievementCredential"}
SKEW = datetime.timedelta(minutes=5)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
Proof = OutsideBadge.Proof


@dataclass(slots=True)
class Found:
    """What a badge says of itself, and what of it holds. `problems` empty: nothing speaks against it."""

    token: str
    name: str = ""
    description: str = ""
    issuer: str = ""
    issuer_id: str = ""
    issued_at: datetime.datetime | None = None
    expires_at: datetime.datetime | None = None
    proof: str = Proof.UNCHECKED
    status: str = "unknown"
    """valid, revoked, or unknown: kept elsewhere."""
    key_at: str = ""
    """Where the issuer's key is said to stand, if it was needed and did not come along."""
    says: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        """Proved as far as it can be here, within its time, and not revoked."""
        return not self.problems and self.proof not in {Proof.UNCHECKED, Proof.INSIDE}

    def fits(self, mails: Iterable[str]) -> bool | None:
        """Whether it was given to one of these addresses; None where it names none that could be compared."""
        subject = self.says.get("credentialSubject")
        if not isinstance(subject, dict):
            return None
        ident, rows = str(subject.get("id") or ""), subject.get("identifier")
        if ident.startswith("mailto:"):
            return ident.removeprefix("mailto:").lower() in {mail.lower() for mail in mails}
        rows = rows if isinstance(rows, list) else [rows]
        told = [one for one in rows if isinstance(one, dict) and one.get("identityType") == "emailAddress"]
        if not told:
            return None
        return any(_is_them(one, mail) for one in told for mail in mails)


def _is_them(identifier: dict[str, Any], mail: str) -> bool:
    value, salt = str(identifier.get("identityHash", "")), str(identifier.get("salt") or "")
    if not identifier.get("hashed"):
        return value.lower() == mail.lower()
    kind, _mark, digest = value.partition("$")
    return kind == "sha256" and any(
        hashlib.sha256(f"{one}{salt}".encode()).hexdigest() == digest.lower() for one in {mail, mail.lower()}
    )


def read(content: bytes, *, given: Sequence[dict[str, Any]] = ()) -> Found:
    """Look at a file: a baked PNG or SVG, a compact JWS, or a credential as JSON. `given`: public keys (JWK) sent along.

    DomainError for what is no badge at all; everything else that is wrong stands in `problems`.
    """
    if len(content) > LARGEST:
        raise DomainError(_("This file is larger than any badge."))
    token = _token(content)
    if token.startswith("{"):
        return _plain(token)
    try:
        header, says = _decoded(token)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_badge() from error
    says = says["vc"] | {k: v for k, v in says.items() if k != "vc"} if isinstance(says.get("vc"), dict) else says
    found = _described(token, says)
    _prove(found, header, given)
    _check_claims(found)
    _check_time(found)
    _check_status(found)
    return found


def _no_badge() -> DomainError:
    return DomainError(
        _("There is no badge in this file."), _("Send the picture (PNG or SVG) or the file that its issuer gave you.")
    )


def _token(content: bytes) -> str:
    found = baking.out_of(content)
    if found is None:
        found = content.decode("utf-8", "replace").strip().strip('"')
    if len(found) > baking.LONGEST:
        raise DomainError(_("This file is larger than any badge."))
    if not found.startswith("{") and (
        found.count(".") != 2 or not found.replace(".", "").replace("-", "").replace("_", "").isalnum()
    ):
        raise _no_badge()
    return found


def _decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload = (json.loads(_unb64(part)) for part in token.split(".")[:2])
    if not isinstance(header, dict) or not isinstance(payload, dict):
        raise ValueError(token[:20])
    return header, payload


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _plain(token: str) -> Found:
    """A credential with a proof inside itself (Data Integrity): it can be read, and kept, and not proved without its contexts."""
    try:
        says = json.loads(token)
    except (ValueError, RecursionError) as error:
        raise _no_badge() from error
    found = _described(token, says)
    if "proof" not in says:
        found.problems.append(_("Nobody has signed it."))
    _check_time(found)
    return found


def _described(token: str, says: dict[str, Any]) -> Found:
    told = says.get("type")
    kinds = {kind for kind in (told if isinstance(told, list) else [told]) if isinstance(kind, str)}
    subject = says.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    if not kinds & TYPES or not isinstance(achievement, dict):
        raise _no_badge()
    issuer = says.get("issuer")
    named = issuer if isinstance(issuer, dict) else {"id": issuer}
    return Found(
        token=token,
        name=str(achievement.get("name") or says.get("name") or "")[:200],
        description=str(achievement.get("description") or "")[:2000],
        issuer=str(named.get("name") or named.get("id") or "")[:200],
        issuer_id=str(named.get("id") or "")[:500],
        issued_at=_moment(says.get("validFrom") or says.get("issuanceDate")),
        expires_at=_moment(says.get("validUntil") or says.get("expirationDate")),
        says=says,
    )


def _moment(value: object) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


# --- the signature ---------------------------------------------------------------------------------------


def _prove(found: Found, header: dict[str, Any], given: Sequence[dict[str, Any]]) -> None:
    named = str(header.get("kid") or "")
    if str(header.get("alg"))[:2] not in ASYMMETRIC:
        found.problems.append(_("Nobody has signed it in a way that proves anything."))
        return
    for proof, keys in (
        (Proof.OURS, _our_keys(found)),
        (Proof.ISSUER, _keys_in_name(found.issuer_id)),
        (Proof.GIVEN, list(given)),
        (Proof.INSIDE, [header["jwk"]] if isinstance(header.get("jwk"), dict) else []),
    ):
        if not keys:
            continue
        if any(_signed_with(found.token, key) for key in keys):
            found.proof = proof
            return
        if proof in {Proof.OURS, Proof.ISSUER}:
            found.problems.append(_("It was changed, or its issuer did not sign it."))
            return
    if given or isinstance(header.get("jwk"), dict):
        found.problems.append(_("Its signature is wrong: it was changed, or another key signed it."))
    else:
        found.key_at = named[:300]


def _our_keys(found: Found) -> list[dict[str, Any]]:
    """Every key of this site, for what says that a community of this site issued it."""
    ours, theirs = urlsplit(settings.MILEPOST_URL), urlsplit(found.issuer_id)
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc) or not theirs.path.endswith("/badges/issuer.json"):
        return []
    return list(SigningKey.objects.values_list("jwk", flat=True))


def _keys_in_name(issuer: str) -> list[dict[str, Any]]:
    """The key that a did:key (Ed25519) or a did:jwk is."""
    try:
        if issuer.startswith("did:jwk:"):
            key = json.loads(_unb64(issuer.removeprefix("did:jwk:").partition("#")[0]))
            return [key] if isinstance(key, dict) else []
        if issuer.startswith("did:key:z"):
            raw = _base58(issuer.removeprefix("did:key:z").partition("#")[0])
            if raw[:2] == b"\xed\x01" and len(raw) == 34:
                return [{"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw[2:]).decode().rstrip("=")}]
    except (ValueError, RecursionError):
        return []
    return []


def _base58(text: str) -> bytes:
    if len(text) > 200:
        raise ValueError(text[:20])
    number = 0
    for letter in text:
        number = number * 58 + _BASE58.index(letter)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _signed_with(token: str, key: dict[str, Any]) -> bool:
    makers: dict[str, Any] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
    kind = str(key.get("kty"))
    if kind not in makers:
        return False
    # Only what makes the key: a foreign "use" or "alg" must not decide what it may do.
    public = {name: value for name, value in key.items() if name in {"kty", "crv", "x", "y", "n", "e"}}
    try:
        known = Algorithms(algorithms=list(ALGORITHMS[kind]))
        jws.deserialize_compact(token, makers[kind].import_key(public), registry=known)
    except (JoseError, ValueError, KeyError, TypeError):
        return False
    return True


def keys_in(content: bytes) -> list[dict[str, Any]]:
    """The public keys of a JWK or JWKS file. DomainError for anything else, and for a private key, which is nobody's to send."""
    try:
        read = json.loads(content[:LARGEST])
        rows = read["keys"] if isinstance(read, dict) and "keys" in read else [read]
        KeySet.import_key_set({"keys": rows})
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DomainError(_("This is no key file."), _("An issuer's key is a JSON file, a JWK or a JWKS.")) from error
    if any("d" in row or "k" in row for row in rows):
        raise DomainError(_("This file holds a private key."), _("Send the public one, and tell its owner."))
    return list(rows)


# --- what else must hold -----------------------------------------------------------------------------------


def _check_claims(found: Found) -> None:
    """What the JWT says besides must be what the credential says."""
    says = found.says
    if ("iss" in says and says["iss"] != found.issuer_id) or ("jti" in says and says["jti"] != says.get("id")):
        found.problems.append(_("It contradicts itself: who issued it is said in two ways."))


def _check_time(found: Found) -> None:
    now = clock.now()
    if found.issued_at is not None and found.issued_at > now + SKEW:
        found.problems.append(_("It is valid only from a day that is still to come."))
    if found.expires_at is not None and found.expires_at < now:
        found.problems.append(_("It ran out on %(day)s.") % {"day": found.expires_at.date().isoformat()})


def _check_status(found: Found) -> None:
    """Whether it was revoked: known for ours; others' lists stand elsewhere."""
    if found.proof != Proof.OURS:
        return
    try:
        ident = uuid.UUID(str(found.says.get("id", "")).rstrip("/").rpartition("/")[2])
    except ValueError:
        ident = NO_ID
    if Badge.objects.standing().filter(pk=ident).exists():
        found.status = "valid"
    else:
        found.status = "revoked"
        found.problems.append(_("It was taken back."))
