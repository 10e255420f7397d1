from __future__ import annotations

import sys

import click

from .site import open_database
from .terminal import Refused, Terminal, speaking

ROLES = ("member", "ambassador", "moderator", "steward", "owner")


@click.group()
def account() -> None:
    """Create sign-ins and give them a role."""


@account.command()
@click.argument("mail")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
@click.option("--name", default="", help="How the person is called; without it, what stands before the @.")
@click.option(
    "--role", type=click.Choice(ROLES), default="member", show_default=True, help="Their role in --community."
)
@click.option("--community", "slug", help="Make them a member of this community.")
@click.option("--operator", is_flag=True, help="They may found communities and see the whole site's background work.")
@speaking
def create(
    terminal: Terminal, mail: str, password_stdin: bool, name: str, role: str, slug: str | None, operator: bool
) -> None:
    """Create a sign-in with a confirmed mail address.

    For an address that has one already, the role in --community is set and nothing else changes; a password is not taken
    then. Without --password-stdin the person signs in by a code that is mailed to them.
    """
    if role != "member" and not slug:
        raise click.UsageError("--role needs --community: a role is held in one community.")
    password = _password() if password_stdin else None
    open_database(terminal)
    from milepost.domain.people.joining import enrol
    from milepost.foundation.identity.models import Community
    from milepost.foundation.identity.services import open_account

    community = Community.objects.filter(slug=slug).first() if slug else None
    if slug and community is None:
        known = ", ".join(Community.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise Refused(f"There is no community “{slug}”.", f"There are: {known or 'none yet'}.")
    made, new = open_account(mail=mail, name=name, password=password, is_operator=operator)
    if community:
        enrol(community=community, account=made, role=role)
    terminal.answer(
        {"mail": made.email, "id": made.pk, "created": new, "community": slug, "role": role if slug else None},
        f"{made.email} {'can sign in now' if new else 'had an account already; its password is as it was'}."
        + (f" Role in {slug}: {role}." if slug else ""),
    )


def _password() -> str:
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Refused("No password came on standard input.", "Send it as one line: echo … | milepost account create …")
    return line
