"""Which people may be one, and with what reason."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from milepost.domain.people import linking, suggesting
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import Conflict, NotAllowed
from milepost.foundation.identity.models import Community, Identity, MergeSuggestion, Person
from tests.factories import make_cast, make_community, make_identity, make_member, make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def community() -> Community:
    return make_community()


def found(community: Community) -> dict[frozenset[Person], set[str]]:
    linking.suggest(community)
    return {frozenset((s.one, s.other)): {r["kind"] for r in s.reasons} for s in linking.suggestions(community)}


def pair(*identities: Identity) -> frozenset[Person]:
    return frozenset(i.person for i in identities)


def test_the_same_mail_in_two_sources(community):
    one = make_identity(community=community, mail="Sol@example.org", name="Sol")
    other = make_identity(community=community, mail="sol@Example.org", name="S.", source="mbox")
    make_identity(community=community, mail="luna@example.org", name="Luna")
    assert found(community) == {pair(one, other): {"mail"}}
    [suggestion] = linking.suggestions(community)
    assert suggesting.in_words(suggestion) == ["The same mail address in mbox, slack."]
    assert "sol" not in str(suggestion.reasons).lower()


def test_a_member_s_confirmed_mail_counts_too(community):
    member = make_member(community)
    identity = make_identity(community=community, mail=member.account.email, name="x")
    assert found(community) == {frozenset((member, identity.person)): {"mail"}}


def test_a_shared_address_is_nobody_s(community):
    for n in range(suggesting.SHARED_MAIL + 1):
        make_identity(community=community, mail="board@example.org", name=f"n{n}")
    assert found(community) == {}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("João Pires", "joao pires", True),
        ("Pires, João", "João Pires", True),
        ("Müller Ångström", "muller angstrom", True),
        ("李小龙", "李小龙", True),
        ("John", "john", False),
        ("João Pires", "João Peres", False),
        ("☺", "☺", False),
    ],
)
def test_the_same_name_across_sources(community, one, other, alike):
    a = make_identity(community=community, name=one)
    b = make_identity(community=community, name=other, source="discord")
    assert found(community) == ({pair(a, b): {"name"}} if alike else {})


def test_namesakes_in_one_source_are_two_people(community):
    make_identity(community=community, name="João Pires")
    make_identity(community=community, name="João Pires")
    assert found(community) == {}


def test_a_common_name_says_nothing(community):
    for n in range(suggesting.COMMON_NAME + 1):
        make_identity(community=community, name="Maria Silva", source=f"source{n}")
    assert found(community) == {}


def test_the_same_handle_and_a_similar_name(community):
    one = make_identity(community=community, handle="stringsol", name="Sol Ortega")
    other = make_identity(community=community, handle="StringSol", name="Sol", source="discord")
    make_identity(community=community, handle="stringluna", name="Sol Ort", source="discord")
    assert found(community) == {pair(one, other): {"handle"}}


def test_the_same_handle_and_quite_another_name(community):
    make_identity(community=community, handle="admin", name="Sol Ortega")
    make_identity(community=community, handle="admin", name="Baraka Mwangi", source="discord")
    assert found(community) == {}


def test_reasons_add_up_and_the_strongest_comes_first(community):
    make_identity(community=community, name="Sol Ortega")
    make_identity(community=community, name="Sol Ortega", source="discord")
    strong = [
        make_identity(community=community, name="Ana Luz", mail="ana@example.org", handle="analuz", source=source)
        for source in ("slack", "discord")
    ]
    assert found(community)[pair(*strong)] == {"mail", "name", "handle"}
    assert [s.score for s in linking.suggestions(community)] == [99, suggesting.WEIGHT["name"]]


def test_nothing_is_suggested_that_could_not_be_merged():
    cast = make_cast()
    make_identity(cast.soraya, mail="same@example.org")
    make_identity(cast.ife, mail="same@example.org")
    make_identity(community=cast.community, name="Harbour Choir")
    make_identity(make_organisation(cast.community, name="Harbour Choir"), source="discord", name="Harbour Choir")
    make_identity(community=cast.community, name="Tune Bot", is_bot=True)
    make_identity(community=cast.community, name="Tune Bot", source="discord")
    make_identity(community=make_community(), name="João Pires", source="discord")
    assert found(cast.community) == {}


def test_again_changes_nothing_and_what_no_longer_holds_goes(community):
    one = make_identity(community=community, name="Sol Ortega")
    make_identity(community=community, name="Sol Ortega", source="discord")
    linking.suggest(community)
    before = list(MergeSuggestion.objects.values())
    linking.suggest(community)
    assert list(MergeSuggestion.objects.values()) == before
    Identity.objects.filter(pk=one.pk).update(name="Someone Else")
    assert linking.suggest(community) == 0
    assert not MergeSuggestion.objects.exists()


def test_what_is_dismissed_stays_so():
    cast = make_cast()
    make_identity(community=cast.community, name="João Pires", source="discord")
    linking.suggest(cast.community)
    [suggestion] = linking.suggestions(cast.community)
    with pytest.raises(NotAllowed):
        linking.dismiss(suggestion=suggestion, by=cast.mateus)
    linking.dismiss(suggestion=suggestion, by=cast.lan)
    assert AuditEntry.objects.get().action == "suggestion.dismissed"
    assert linking.suggest(cast.community) == 0
    assert not linking.suggestions(cast.community)
    with pytest.raises(Conflict):
        linking.dismiss(suggestion=suggestion, by=cast.lan)


def test_the_number_of_suggestions_has_an_end(community, monkeypatch):
    monkeypatch.setattr(suggesting, "MOST", 2)
    for n in range(4):
        for source in ("slack", "discord"):
            make_identity(community=community, name=f"Sol Ortega {n}", source=source)
    assert linking.suggest(community) == 2
    assert MergeSuggestion.objects.count() == 2


def test_it_takes_the_same_queries_for_many(community):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as context:
            linking.suggest(community)
        return len(context)

    def more(start: int, end: int) -> None:
        for n in range(start, end):
            for source in ("slack", "discord"):
                make_identity(community=community, name=f"Sol Ortega {n}", mail=f"m{n}@example.org", source=source)

    more(0, 2)
    few = queries()
    more(2, 40)
    assert queries() == few
    assert MergeSuggestion.objects.count() == 40
