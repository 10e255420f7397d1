from __future__ import annotations

from typing import Any

import click

from .site import open_database
from .terminal import Terminal, speaking


@click.group()
def community() -> None:
    """Create and list communities."""


@community.command()
@click.argument("slug")
@click.option("--name", required=True, help="Its name, as people say it.")
@click.option("--time-zone", default="UTC", show_default=True, help="Its own days begin and end there: Europe/Lisbon.")
@click.option("--join", "policy", type=click.Choice(["open", "agree", "questions", "invited"]), help="How people join.")
@click.option("--members-only", is_flag=True, help="Visitors see the mission only.")
@speaking
def create(terminal: Terminal, slug: str, name: str, time_zone: str, policy: str | None, members_only: bool) -> None:
    """Create a community; SLUG is its part of the address, as in /c/SLUG/."""
    open_database(terminal)
    from milepost.domain.people.joining import found_community

    fields: dict[str, Any] = {"time_zone": time_zone}
    if policy:
        fields["join_policy"] = policy
    if members_only:
        fields["visibility"] = "members"
    made = found_community(slug=slug, name=name, owner=None, **fields)
    terminal.answer(
        {"slug": made.slug, "name": made.name, "id": made.pk},
        f"{made.name} is there, at /c/{made.slug}/. Give it an owner:"
        f" milepost account create MAIL --password-stdin --role owner --community {made.slug}",
    )


@community.command("list")
@speaking
def list_(terminal: Terminal) -> None:
    """List the communities of this site."""
    open_database(terminal)
    from django.db.models import Count, Q

    from milepost.foundation.identity.models import Community

    active = Count("memberships", filter=Q(memberships__left_at__isnull=True))
    rows = Community.objects.annotate(members=active).order_by("slug")
    terminal.table(
        list(rows.values("slug", "name", "members", "created_at", "archived_at")),
        {"slug": "Slug", "name": "Name", "members": "Members", "created_at": "Since"},
        "There is no community yet. `milepost community create SLUG --name NAME` makes one.",
    )
