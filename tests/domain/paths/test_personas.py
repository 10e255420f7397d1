"""Personas: proposed, adopted, retired; their paths; and how members find themselves in them, or in none."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from milepost.domain.paths import choosing
from milepost.domain.paths.models import Interest, NoneOfThese, Persona, PersonaChoice
from milepost.foundation import conditions
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import (
    Cast,
    make_award,
    make_cast,
    make_choice,
    make_community,
    make_member,
    make_milestone,
    make_persona,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def verbs(cast: Cast) -> list[str]:
    return list(Activity.objects.filter(community=cast.community).order_by("pk").values_list("verb", flat=True))


class TestWriting:
    def test_a_member_proposes_and_a_steward_adopts(self, cast: Cast) -> None:
        made = Persona.propose(
            community=cast.community, by=cast.soraya, name=" Street  musicians ", needs=["a corner", ""]
        )
        assert (made.name, made.slug, made.needs) == ("Street musicians", "street-musicians", ["a corner"])
        assert not made.is_adopted
        assert list(Persona.objects.proposed()) == [made]
        made.adopt(by=cast.lan, answer="Yes. We forgot them.")
        assert made.is_adopted
        assert list(Persona.objects.adopted()) == [made]
        assert verbs(cast) == ["persona.proposed", "persona.adopted"]
        entry = AuditEntry.objects.get(action="persona.adopted")
        assert (entry.person, entry.reason) == (cast.lan, "Yes. We forgot them.")

    def test_a_proposal_is_declined_with_words(self, cast: Cast) -> None:
        made = Persona.propose(community=cast.community, by=cast.soraya, name="Ghosts")
        made.retire(by=cast.lan, answer="Not yet.")
        made.refresh_from_db()
        assert made.retired_at
        assert made.answer == "Not yet."
        assert "persona.retired" not in verbs(cast), "it never was the community's"

    def test_only_stewards_write(self, cast: Cast) -> None:
        made = Persona.write(community=cast.community, by=cast.lan, name="Hobbyists")
        for refused in (
            lambda: Persona.write(community=cast.community, by=cast.soraya, name="X"),
            lambda: made.change(by=cast.soraya, name="X"),
            lambda: made.retire(by=cast.ife),
            lambda: made.lay(milestones=[], by=cast.mateus),
            lambda: Persona.propose(community=cast.community, by=make_member(), name="X"),
        ):
            with pytest.raises(NotAllowed):
                refused()

    def test_a_name_is_needed_and_stands_once(self, cast: Cast) -> None:
        Persona.write(community=cast.community, by=cast.lan, name="Hobbyists")
        with pytest.raises(Conflict):
            Persona.propose(community=cast.community, by=cast.soraya, name="hobbyists")
        for name in ("", "  ", "x" * 81):
            with pytest.raises(DomainError, match="name"):
                Persona.write(community=cast.community, by=cast.lan, name=name)
        with pytest.raises(DomainError, match="needs"):
            Persona.write(community=cast.community, by=cast.lan, name="Y", needs=["n"] * 13)

    def test_what_is_changed_stands_in_the_trail_and_the_rest_stays(self, cast: Cast) -> None:
        made = Persona.write(community=cast.community, by=cast.lan, name="Hobbyists", needs=["a room"], story="Once.")
        made.change(by=cast.amara, story="Twice.")
        made.refresh_from_db()
        assert (made.story, made.needs) == ("Twice.", ["a room"])
        assert AuditEntry.objects.get(action="persona.changed").changes == {"story": ["Once.", "Twice."]}

    def test_a_retired_one_can_be_taken_up_again(self, cast: Cast) -> None:
        made = Persona.write(community=cast.community, by=cast.lan, name="Hobbyists")
        made.retire(by=cast.lan)
        assert not Persona.objects.adopted().exists()
        made.adopt(by=cast.lan)
        assert Persona.objects.adopted().get() == made

    def test_who_is_asked_is_a_rule_that_is_checked(self, cast: Cast) -> None:
        make_milestone(cast.community, slug="paid")
        made = Persona.write(community=cast.community, by=cast.lan, name="Pros", suggests={"reached": "paid"})
        assert made.suggests == {"reached": "paid"}
        with pytest.raises(conditions.Invalid):
            made.change(by=cast.lan, suggests={"reached": "never-heard-of"})
        with pytest.raises(DomainError, match="Stewards"):
            Persona.propose(community=cast.community, by=cast.soraya, name="Z", suggests={"role": "member"})


class TestPath:
    def test_milestones_in_order_some_shared(self, cast: Cast) -> None:
        one, two, three = (make_milestone(cast.community, name=n) for n in ("One", "Two", "Three"))
        hobby, pro = make_persona(cast.community), make_persona(cast.community)
        hobby.lay(milestones=[two, one], by=cast.lan)
        pro.lay(milestones=[one, two, three], by=cast.lan)
        assert [s.milestone for s in hobby.stones.all()] == [two, one]
        assert set(one.stands_on.values_list("persona", flat=True)) == {hobby.pk, pro.pk}
        hobby.lay(milestones=[one], by=cast.lan)
        assert [s.milestone for s in hobby.stones.all()] == [one]
        assert AuditEntry.objects.filter(action="path.laid").count() == 3
        hobby.lay(milestones=[one], by=cast.lan)
        assert AuditEntry.objects.filter(action="path.laid").count() == 3, "nothing changed"

    def test_none_twice_and_none_of_others(self, cast: Cast) -> None:
        one = make_milestone(cast.community)
        persona = make_persona(cast.community)
        with pytest.raises(DomainError, match="once"):
            persona.lay(milestones=[one, one], by=cast.lan)
        with pytest.raises(DomainError, match="another community"):
            persona.lay(milestones=[make_milestone()], by=cast.lan)


class TestChoosing:
    def test_several_or_another(self, cast: Cast) -> None:
        a, b, c = (make_persona(cast.community) for _ in range(3))
        choosing.choose(person=cast.soraya, personas=[a, b])
        choosing.choose(person=cast.soraya, personas=[b, c])
        standing = PersonaChoice.objects.standing().filter(person=cast.soraya)
        assert set(standing.values_list("persona", flat=True)) == {b.pk, c.pk}
        assert verbs(cast) == ["persona.chosen", "persona.chosen", "persona.left", "persona.chosen"]
        choosing.choose(person=cast.soraya, personas=[a])
        assert PersonaChoice.objects.get(person=cast.soraya, persona=a).left_at is None, "whoever left may come back"

    def test_none_of_these_is_heard(self, cast: Cast) -> None:
        persona = make_persona(cast.community)
        choosing.choose(person=cast.soraya, personas=[persona])
        choosing.none_of_these(person=cast.soraya, words=" I only  listen. ")
        assert not PersonaChoice.objects.standing().filter(person=cast.soraya).exists()
        assert NoneOfThese.objects.get(person=cast.soraya).words == "I only listen."
        choosing.choose(person=cast.soraya, personas=[persona])
        assert not NoneOfThese.objects.exists(), "who found themselves is none of these no more"

    def test_what_cannot_be_chosen(self, cast: Cast) -> None:
        retired = make_persona(cast.community)
        retired.retire(by=cast.lan)
        proposed = Persona.propose(community=cast.community, by=cast.ife, name="Proposed")
        for persona in (retired, proposed, make_persona()):
            with pytest.raises(DomainError):
                choosing.choose(person=cast.soraya, personas=[persona])
            with pytest.raises(DomainError):
                choosing.accept(person=cast.soraya, persona=persona)
        with pytest.raises(NotAllowed):
            choosing.choose(person=cast.joao.person, personas=[])

    def test_a_suggestion_is_accepted_or_never_made_again(self, cast: Cast) -> None:
        paid = make_milestone(cast.community, slug="paid")
        pros = make_persona(cast.community, suggests={"reached": "paid"})
        everyone = make_persona(cast.community, suggests={"role": "member"})
        make_persona(cast.community)
        assert choosing.suggestions(cast.soraya) == [everyone]
        make_award(cast.soraya, paid)
        assert choosing.suggestions(cast.soraya) == [pros, everyone]
        choosing.accept(person=cast.soraya, persona=pros)
        choosing.decline(person=cast.soraya, persona=everyone)
        assert choosing.suggestions(cast.soraya) == []
        assert PersonaChoice.objects.get(persona=pros).suggested
        choosing.choose(person=cast.soraya, personas=[everyone])
        assert PersonaChoice.objects.standing().filter(person=cast.soraya, persona=everyone).exists(), "minds change"

    def test_rules_may_ask_for_a_persona_and_for_interests(self, cast: Cast) -> None:
        persona = make_persona(cast.community, slug="hobbyists")
        make_choice(cast.soraya, persona)
        make_choice(cast.ife, persona, left_at=persona.created_at)
        rule = conditions.parse({"persona": "hobbyists"}, community=cast.community)
        assert set(conditions.matching(rule, cast.community)) == {cast.soraya.pk}
        assert "hobbyists" in rule.explain().lower() or persona.name in rule.explain()
        choosing.tell_interests(person=cast.ife, names=["House concerts"])
        rule = conditions.parse({"attribute": "interests", "contains": "house-concerts"}, community=cast.community)
        assert set(conditions.matching(rule, cast.community)) == {cast.ife.pk}
        with pytest.raises(conditions.Invalid):
            conditions.parse({"persona": "nobody"}, community=cast.community)

    def test_a_persona_is_chosen_within_the_walls(self, cast: Cast) -> None:
        with pytest.raises(Exception, match="crosses communities"):
            make_choice(cast.soraya, make_persona(make_community()))


class TestInterests:
    def test_in_ones_own_words(self, cast: Cast) -> None:
        choosing.tell_interests(person=cast.soraya, names=["Oud", " oud ", "Stage  fright", ""])
        assert [(i.slug, i.name) for i in Interest.objects.all()] == [("oud", "Oud"), ("stage-fright", "Stage fright")]
        choosing.tell_interests(person=cast.soraya, names=["Stage fright", "Größe"])
        assert set(Interest.objects.values_list("name", flat=True)) == {"Stage fright", "Größe"}
        choosing.tell_interests(person=cast.soraya, names=["Größe", "Stage fright"])
        assert verbs(cast) == ["interests.told", "interests.told"], "the same again is nothing new"

    def test_not_too_many_and_not_too_long(self, cast: Cast) -> None:
        with pytest.raises(DomainError, match="20 at most"):
            choosing.tell_interests(person=cast.soraya, names=[f"Thing {n}" for n in range(21)])
        with pytest.raises(DomainError, match="too long"):
            choosing.tell_interests(person=cast.soraya, names=["x" * 61])
        assert not Interest.objects.exists()


def test_a_persona_needs_its_community() -> None:
    with pytest.raises(ValidationError):
        Persona(name="x", slug="x").full_clean()
