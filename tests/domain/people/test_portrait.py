"""A member's own data: everything about them, nothing about others, no secrets."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from milepost.domain.people import linking, portrait
from milepost.domain.people.models import Profile
from milepost.foundation.activity.recording import record
from milepost.foundation.identity.models import ApiToken
from tests.factories import PASSWORD, make_account, make_attachment, make_cast, make_member, make_post, make_thread

pytestmark = pytest.mark.django_db


def test_a_member_takes_along_what_is_theirs():
    cast = make_cast()
    account = make_account("nadia@example.org", name="Nadia Rahman", password=PASSWORD)
    nadia = make_member(cast.community, account=account)
    linking.merge(kept=nadia, gone=cast.joao.person, by=cast.lan)
    thread = make_thread(author=nadia, text="My words")
    make_post(thread, author=cast.ife, text="Someone else's words")
    make_post(thread, author=cast.joao, text="Mine, in Slack")
    record("thread.started", community=cast.community, by=nadia, obj=thread)
    token, secret = ApiToken.issue(account=account, community=cast.community, name="Script", scopes=["log.read"])
    photo = default_storage.save("photos/nadia.png", ContentFile(b"face"))
    song = default_storage.save("attachments/song.txt", ContentFile(b"la"))
    Profile.objects.create(person=nadia, community=cast.community, photo=photo)
    make_attachment(thread.posts.first(), file=song)
    elsewhere = make_member(account=account)
    record("member.joined", community=elsewhere.community, by=elsewhere)

    file = io.BytesIO()
    counts = portrait.write(nadia, file)
    with zipfile.ZipFile(file) as archive:
        everything = {n: archive.read(n) for n in archive.namelist()}
    rows = {
        n: [json.loads(line) for line in data.splitlines()] for n, data in everything.items() if n.endswith(".jsonl")
    }
    assert {post["text"] for post in rows["posts.jsonl"]} == {"My words", "Mine, in Slack"}
    assert rows["account.jsonl"][0]["email"] == "nadia@example.org"
    assert rows["mail-addresses.jsonl"][0]["verified"] is True
    assert {i["source"] for i in rows["identities.jsonl"]} == {"slack", "milepost"}
    assert rows["api-keys.jsonl"][0]["name"] == "Script"
    assert [a["verb"] for a in rows["activities.jsonl"]] == ["thread.started"]
    assert len(rows["person.jsonl"]) == 2
    assert everything[f"files/{photo}"] == b"face"
    assert everything[f"files/{song}"] == b"la"
    assert counts == {n: len(r) for n, r in rows.items()} | {"files": 2}

    whole = b"".join(everything.values()).decode()
    for secret_value in (secret, token.digest, account.password, "Someone else's words", cast.ife.account.email):
        assert secret_value not in whole


def test_who_has_nothing_gets_what_there_is():
    cast = make_cast()
    counts = portrait.write(cast.soraya, io.BytesIO())
    assert set(counts) == {
        "account.jsonl",
        "mail-addresses.jsonl",
        "person.jsonl",
        "membership.jsonl",
        "identities.jsonl",
    }
