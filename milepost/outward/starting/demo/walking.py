"""Who walks with whom in the demo community: personas and who chose them, offers to help, meetings, cohorts, own stones."""

from __future__ import annotations

import datetime
import tomllib
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Protocol

from milepost.domain.paths import choosing
from milepost.domain.paths.models import (
    Cohort,
    HelpOffer,
    Introduction,
    Mentoring,
    Milestone,
    OwnStone,
    Persona,
    PersonaChoice,
)
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.common import clock
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import Community, Identity, Person
from milepost.foundation.identity.models.person import LOCAL

from . import records

DAY = datetime.timedelta(days=1)


class Loaded(Protocol):
    """What is there by then: the community, its people and milestones, and the log's lines to be."""

    demo: records.DemoCommunity
    community: Community
    people: dict[str, Person]
    identities: dict[str, Identity]
    milestones: dict[str, Milestone]
    log: list[tuple[Any, ...]]


@lru_cache(maxsize=1)
def content() -> dict[str, Any]:
    """`content/walking.toml`."""
    return tomllib.loads(files(__package__).joinpath("content", "walking.toml").read_text(encoding="utf-8"))


def walk(to: Loaded) -> None:
    people = {record.handle: to.people[record.key] for record in to.demo.people}
    for person in people.values():
        person.community = to.community
    personas = _personas(to)
    _choices(to, personas)
    for said in content()["none_of_these"]:
        with clock.moved(to.demo.now - 30 * DAY):
            choosing.none_of_these(person=people[said["who"]], words=said["words"])
    for offer in content()["help"]:
        with clock.moved(to.demo.now - 70 * DAY):
            HelpOffer.offer(by=people[offer["who"]], milestone=to.milestones[offer["milestone"]], words=offer["words"])
    _meetings(to, people)
    for own in content()["own"]:
        _own(to, people[own["who"]], own)
    for cohort in content()["cohorts"]:
        _cohort(to, people, personas, cohort)


def _personas(to: Loaded) -> dict[str, Persona]:
    made = {}
    with clock.moved(to.demo.began_at + 30 * DAY):
        for record in to.demo.personas:
            persona = Persona.write(
                community=to.community,
                by=None,
                slug=record.slug,
                name=record.name,
                story=record.story,
                needs=record.needs,
                success=record.success,
                suggests={"reached": record.milestones[1]} if len(record.milestones) > 3 else None,
            )
            persona.lay(milestones=[to.milestones[slug] for slug in record.milestones], by=None)
            made[record.slug] = persona
    return made


def _choices(to: Loaded, personas: dict[str, Persona]) -> None:
    """Written set-based, as the rest of the log: most members chose when they joined, or when there was something to choose."""
    undecided = set(content()["undecided"]) | {said["who"] for said in content()["none_of_these"]}
    since = to.demo.began_at + 31 * DAY
    rows = []
    for record in to.demo.people:
        persona = personas.get(record.persona or "")
        if persona is None or record.handle in undecided:
            continue
        at = min(max(record.joined_at + DAY / 24, since), to.demo.now)
        if record.last_day is not None and record.last_day < at:
            continue
        rows.append(PersonaChoice(community=to.community, person=to.people[record.key], persona=persona, chosen_at=at))
        identity = to.identities[record.key]
        to.log.append(
            (
                current_epoch(), to.community.pk, identity.pk, "persona.chosen", "persona", persona.pk, NO_ID, None, None, at,
                at, LOCAL, f"persona.chosen:{identity.pk}", {}, True,
            )
        )  # fmt: skip
    PersonaChoice.objects.bulk_create(rows)


def _meetings(to: Loaded, people: dict[str, Person]) -> None:
    for met in content()["met"]:
        at = to.demo.now - met["days_ago"] * DAY
        asker, asked = people[met["asker"]], people[met["asked"]]
        with clock.moved(at):
            made = Introduction.ask(
                by=asker, other=asked, milestone=to.milestones[met["milestone"]], words=met["words"]
            )
        with clock.moved(at + DAY):
            made.agree(by=asked)
            mentoring = Mentoring.begin(introduction=made, by=asker)
        for n in range(met["talks"]):
            with clock.moved(at + (n + 2) * DAY):
                mentoring.talked(by=asked)
        talk = (to.demo.now + met["talk_in_days"] * DAY).replace(hour=18, minute=30, second=0, microsecond=0)
        mentoring.plan(at=talk, by=asked)
    for ask in content()["asked"]:
        with clock.moved(to.demo.now - ask["days_ago"] * DAY):
            Introduction.ask(
                by=people[ask["asker"]],
                other=people[ask["asked"]],
                milestone=to.milestones[ask["milestone"]],
                words=ask["words"],
            )


def _own(to: Loaded, person: Person, own: dict[str, Any]) -> None:
    with clock.moved(to.demo.now - own["days_ago"] * DAY):
        stone = OwnStone.lay(by=person, name=own["name"], why=own["why"])
    if "reached_days_ago" in own:
        with clock.moved(to.demo.now - own["reached_days_ago"] * DAY):
            stone.reach(by=person)


def _cohort(to: Loaded, people: dict[str, Person], personas: dict[str, Persona], given: dict[str, Any]) -> None:
    began = to.demo.now - given["begins_days_ago"] * DAY
    first = began.astimezone(datetime.UTC).date()
    last = first + datetime.timedelta(days=given["lasts_days"])
    with clock.moved(began - 5 * DAY):
        cohort = Cohort.start(
            community=to.community,
            by=people[given["started_by"]],
            name=given["name"],
            why=given["why"],
            milestone=to.milestones.get(given.get("milestone", "")),
            persona=personas.get(given.get("persona", "")),
            target=Decimal(given["target"]),
            unit=given["unit"],
            starts_on=first,
            ends_on=last,
        )
    for n, who in enumerate(given["walkers"]):
        with clock.moved(began - DAY + n * datetime.timedelta(hours=3)):
            cohort.join(by=people[who])
    for said in sorted(given.get("said", ()), key=lambda one: -int(one["days_ago"])):
        with clock.moved(to.demo.now - said["days_ago"] * DAY):
            cohort.check_in(
                by=people[said["who"]],
                words=said["words"],
                quantity=Decimal(said["quantity"]) if "quantity" in said else None,
                stuck=said.get("stuck", False),
            )
    for n, who in enumerate(given["finished"]):
        with clock.moved(began + given["lasts_days"] * DAY - n * datetime.timedelta(hours=5)):
            cohort.finish(by=people[who])
