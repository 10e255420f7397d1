from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click

from .site import open_database
from .terminal import Refused, Terminal, speaking


@click.group()
def badges() -> None:
    """Badges (Open Badges 3.0): make one of an award, check one, change the key that signs."""


@badges.command()
@click.option("--community", "slug", required=True, help="The community's short name.")
@click.option("--member", "who", required=True, help="Whose badge: their @name, mail address or id.")
@click.option("--milestone", "stone", required=True, help="The milestone's short name.")
@click.option(
    "--occurrence", default=None, help="Which time, where it repeats: a year, a day, level-2. The newest by default."
)
@click.option("--named", is_flag=True, help="Put the member's whole name into it.")
@click.option("--evidence", is_flag=True, help="Put what they told about it into it.")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@speaking
def export(
    terminal: Terminal, slug: str, who: str, stone: str, occurrence: str | None, named: bool, evidence: bool, out: Path
) -> None:
    """Make the badge of one award, into OUT: a picture (.png, .svg) with the proof inside, or the credential (.jwt)."""
    open_database(terminal)
    from milepost.outward.badges import issuing

    from .communities import find

    community = find(slug)
    award = _award(community, who, stone, occurrence)
    badge = issuing.issue(award=award, by=None, name=award.person.name if named else "", with_evidence=evidence)
    out.write_bytes(_as_file(badge, out.suffix.lower()))
    terminal.answer(
        {
            "file": str(out),
            "id": str(badge.pk),
            "member": award.person.handle or str(award.person_id),
            "milestone": award.milestone.slug,
            "reached_on": award.reached_on,
            "issuer": community.name,
        },
        f"{out}: “{award.milestone.name}” of {award.person.name}. `milepost badges verify {out}` checks it.",
    )


def _award(community: Any, who: str, stone: str, occurrence: str | None) -> Any:
    from milepost.engines.milestones.models import Award

    found = Award.objects.filter(community=community, milestone__slug=stone).select_related(
        "person__account", "milestone", "community"
    )
    mine = found.filter(person__in=_people(community, who))
    if occurrence is not None:
        mine = mine.filter(occurrence=occurrence)
    award = mine.order_by("revoked_at", "-reached_on").first()
    if award is None:
        raise Refused(
            f"“{who}” has no award of “{stone}” in {community.name}.",
            f"`milepost milestones awards --community {community.slug}` lists the awards that there are.",
        )
    return award


def _people(community: Any, who: str) -> Any:
    import uuid

    from django.db.models import Q

    from milepost.foundation.identity.models import Person

    named = Q(handle=who.removeprefix("@").lower()) | Q(account__email__iexact=who)
    with contextlib.suppress(ValueError):
        named |= Q(pk=uuid.UUID(who))
    return Person.objects.present().filter(named, community=community)


def _as_file(badge: Any, ending: str) -> bytes:
    from milepost.outward.badges import baking, drawing

    hue, name = badge.community.accent_hue, badge.milestone.name
    match ending:
        case ".png":
            return baking.into_png(drawing.png(hue=hue), badge.token)
        case ".svg":
            drawn = drawing.svg(hue=hue, milestone=name, community=badge.community.name)
            return baking.into_svg(drawn, badge.token).encode()
        case ".jwt" | ".txt":
            return str(badge.token).encode()
    raise Refused(
        f"A badge is no “{ending or 'file without an ending'}”.", "Give a name that ends in .png, .svg or .jwt."
    )


@badges.command()
@click.option(
    "--key",
    "keys",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="The issuer's public key: JWK or JWKS.",
)
@click.option("--mail", "mails", multiple=True, help="An address that it should have been given to.")
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@speaking
def verify(terminal: Terminal, keys: Path | None, mails: tuple[str, ...], file: Path) -> None:
    """Check the badge in FILE, from anywhere: its signature, its time, and for this site's own whether it was taken back.

    Asks no other machine. Exits with 1 unless the badge holds.
    """
    open_database(terminal)
    from milepost.outward.badges import proving

    given = proving.keys_in(keys.read_bytes()) if keys else ()
    found = proving.read(file.read_bytes(), given=given)
    fits = found.fits(mails) if mails else None
    if mails and not fits:
        found.problems.append(
            "It was given to another address." if fits is False else "It does not say to whom it was given."
        )
    if not found.problems and not found.is_valid:
        where = f" It stands at {found.key_at}." if found.key_at else ""
        found.problems.append(f"{proving.Proof(found.proof).label}: give the issuer's key with --key.{where}")
    terminal.answer(_described(found), _in_words(found))
    if not found.is_valid:
        raise click.exceptions.Exit(1)


def _described(found: Any) -> dict[str, Any]:
    return {
        "valid": found.is_valid,
        "name": found.name,
        "issuer": found.issuer,
        "issuer_id": found.issuer_id,
        "issued_at": found.issued_at,
        "expires_at": found.expires_at,
        "proof": str(found.proof),
        "status": found.status,
        "problems": found.problems,
    }


def _in_words(found: Any) -> str:
    from milepost.outward.badges.proving import Proof

    state = "It holds." if found.is_valid else "It does not hold."
    lines = [f"{found.name}, from {found.issuer}", f"{state} Proof: {Proof(found.proof).label}.", *found.problems]
    return "\n".join(lines)


@badges.command("keys")
@click.option("--rotate", is_flag=True, help="Make a new key; what older ones signed keeps verifying.")
@speaking
def keys_(terminal: Terminal, rotate: bool) -> None:
    """List the public keys that badges of this site are signed with, newest first."""
    open_database(terminal)
    from milepost.outward.badges import keys
    from milepost.outward.badges.models import SigningKey

    if rotate:
        keys.rotate()
    rows = [{"kid": row.kid, "made_at": row.made_at} for row in SigningKey.objects.order_by("-made_at")]
    terminal.table(rows, {"kid": "Key", "made_at": "Since"}, "None yet: the first badge makes one.")
