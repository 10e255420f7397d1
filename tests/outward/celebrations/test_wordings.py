"""A community's own words: filled in for each reader, and unable to reach anything else."""

from __future__ import annotations

import pytest

from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.outward.celebrations import reading, wordings
from milepost.outward.celebrations.models import Wording
from tests.factories import Cast, actor, make_cast, make_milestone, make_profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def test_a_milestones_own_words_come_before_those_of_its_kind(cast: Cast) -> None:
    gig, tour = (make_milestone(cast.community, name=name) for name in ("First gig", "First tour"))
    for milestone, text in (
        (None, "Hear: {{ name }}, {{ milestone }}"),
        (gig, "{{ name }} played. {{ community }} sang."),
    ):
        wordings.write(community=cast.community, kind="reached", text=text, by=cast.lan, milestone=milestone)
    make_profile(cast.soraya, celebration="first_name", called="Sori")
    for milestone in (gig, tour):
        Award.claim(person=cast.soraya, milestone=milestone, reached_on=clock.today("UTC"))
    catch_up(("rollup", "celebrations"))
    said = {one.says for one in reading.newest(actor(cast.ife), 9)}
    assert said == {"Sori played. Open Strings sang.", "Hear: Sori, “First tour”"}
    wordings.write(community=cast.community, kind="reached", text="", by=cast.lan, milestone=gig)
    assert "Hear: Sori, “First gig”" in {one.says for one in reading.newest(actor(cast.ife), 9)}
    assert AuditEntry.objects.filter(action="wording.changed").count() == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ name.__class__ }}", "name.__class__"),
        ("{{ name['__class__'] }}", "name.__class__"),
        ("{{ name.__class__.__mro__[1].__subclasses__ }}", "name.__class__"),
        ("{% if person.account.password %}x{% endif %}", "person.account.password"),
        ("{{ settings.SECRET_KEY }}", "settings.SECRET_KEY"),
        ("{{ years }}", "years"),
        ("{{ name[count] }}", "name[count]"),
        ("{{ request }}", "request"),
    ],
)
def test_what_reaches_for_objects_is_refused_by_its_name(text: str, named: str) -> None:
    with pytest.raises(DomainError) as refused:
        wordings.validate(text, "reached")
    assert named in refused.value.message
    assert "{{ name }}" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "{{ name",
        "{% if %}",
        "{% include 'settings' %}",
        "{% render 'x' %}",
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% assign x = name %}{{ x }}",
        "{% capture x %}y{% endcapture %}",
        "{{ name | replace: 'a', 'aaaaaaaaaaaaaaaa' }}",
        "{{ name | base64_encode }}",
        "{{ name | map: '__class__' }}",
        "{% comment %}",
        "{% liquid echo name %}",
        "x" * 601,
        "  ",
    ],
)
def test_what_is_more_than_a_sentence_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        wordings.validate(text, "reached")


def test_a_range_costs_nothing_and_no_nesting_is_deep() -> None:
    values = {"name": "A", "count": 1, "milestone": "", "day": "", "community": ""}
    assert wordings.preview("{{ (1..999999999) }}", "reached", values) == "1..999999999"
    with pytest.raises(DomainError):
        wordings.validate("{% if name %}" * 400 + "x", "reached")


def test_conditions_work_and_what_they_say_is_plain_text() -> None:
    text = "{% if count > 1 %}All of {{ name }}{% else %}{{ name | upcase }}{% endif %} <b>reached</b> {{ milestone }}"
    values = {"name": "<i>Lan</i>", "count": 1, "milestone": "it", "day": "", "community": ""}
    assert wordings.preview(text, "reached", values) == "<I>LAN</I> <b>reached</b> it"
    assert wordings.preview(text, "reached", values | {"count": 2}).startswith("All of <i>Lan</i>")


def test_a_kept_wording_that_fails_after_all_is_replaced_by_ours(cast: Cast) -> None:
    Wording.objects.create(community=cast.community, kind="reached", text="{{ name.__class__ }} {{ gone }}")
    Award.claim(person=cast.soraya, milestone=make_milestone(cast.community, name="Gig"), reached_on=clock.today("UTC"))
    catch_up(("rollup", "celebrations"))
    assert [one.says for one in reading.newest(actor(cast.ife), 9)] == ["Soraya Haddad reached “Gig”."]


def test_only_stewards_write_and_only_for_their_own(cast: Cast) -> None:
    for by in (cast.soraya, cast.mateus, make_cast().lan):
        with pytest.raises(NotAllowed):
            wordings.write(community=cast.community, kind="reached", text="Hey {{ name }}", by=by)
    with pytest.raises(DomainError):
        wordings.write(community=cast.community, kind="reached", text="Hey", by=cast.lan, milestone=make_milestone())
    with pytest.raises(DomainError):
        wordings.write(community=cast.community, kind="nonsense", text="Hey", by=cast.lan)
