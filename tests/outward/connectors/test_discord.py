"""Exports by DiscordChatExporter: channels, threads, replies, reactions, joins, and what comes broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from milepost.outward.connectors.archive import SMALL
from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.sources import detect_source, open_source
from milepost.outward.connectors.sources import discord as discord_module
from tests.outward.connectors.building import read, write_folder, write_zip

GUILD = {"id": "1", "name": "Garden", "iconUrl": ""}
AMARA = {
    "id": "11",
    "name": "amara",
    "discriminator": "0000",
    "nickname": "Amara",
    "isBot": False,
    "roles": [{"name": "Grower"}],
}
JOAO = {"id": "12", "name": "joao", "discriminator": "4242", "nickname": None, "isBot": False}
ROBOT = {"id": "13", "name": "robot", "discriminator": "0000", "nickname": "Robot", "isBot": True}


def message(key, content="Hello", author=AMARA, kind="Default", **more):
    base = {
        "id": str(key),
        "type": kind,
        "timestamp": f"2024-05-01T10:00:{int(key) % 60:02}.5+02:00",
        "timestampEdited": None,
    }
    return base | {"isPinned": False, "content": content, "author": author, "attachments": [], "embeds": []} | more


def reply(key, to, content="Answer", **more):
    return message(
        key, content, JOAO, "Reply", reference={"messageId": str(to), "channelId": "100", "guildId": "1"}, **more
    )


def file(messages, key="100", name="general", kind="GuildTextChat", **more):
    channel = {
        "id": key,
        "type": kind,
        "categoryId": "9",
        "category": "Text",
        "name": name,
        "topic": "All things",
    } | more
    return {
        "guild": GUILD,
        "channel": channel,
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2024-06-01T00:00:00+00:00",
        "messages": messages,
        "messageCount": len(messages),
    }


def one(tmp_path, *messages, **more):
    path = tmp_path / "general.json"
    path.write_text(json.dumps(file(list(messages), **more), indent=2, ensure_ascii=False), "utf-8")
    return path


def test_one_file(tmp_path):
    path = one(tmp_path, message(1), message(2, "edited", ROBOT, timestampEdited="2024-05-02T00:00:00+00:00"))
    assert detect_source(str(path)) == "discord"
    got = read("discord", path)
    assert (got.channels["100"].name, got.channels["100"].purpose, got.channels["100"].kind) == (
        "general",
        "All things",
        "open",
    )
    assert (got.people["11"].name, got.people["11"].handle, got.people["11"].attributes) == (
        "Amara",
        "amara",
        {"roles": ["Grower"]},
    )
    assert got.people["13"].is_bot
    first, second = got.messages
    assert first.at == datetime(2024, 5, 1, 8, 0, 1, 500_000, tzinfo=UTC)
    assert first.thread == first.key == "1"
    assert second.edited_at == datetime(2024, 5, 2, tzinfo=UTC)


def test_a_chain_of_replies_is_one_thread(tmp_path):
    got = read("discord", one(tmp_path, message(1), reply(2, 1), reply(3, 2), message(4), reply(5, 999)))
    assert [(m.key, m.thread, m.reply_to) for m in got.messages] == [
        ("1", "1", ""),
        ("2", "1", "1"),
        ("3", "1", "2"),
        ("4", "4", ""),
        ("5", "999", "999"),
    ]
    assert got.people["12"].handle == "joao#4242"


def test_threads_are_channels_of_their_own_that_come_after(tmp_path):
    thread = {"key": "2", "name": "Tomatoes", "kind": "GuildPublicThread", "categoryId": "100", "category": "general"}
    post = {"key": "50", "name": "My first bed", "kind": "11", "categoryId": "40", "category": "showcase"}
    secret = {"key": "60", "name": "Stewards", "kind": "GuildPrivateThread", "categoryId": "100", "category": "general"}
    files = {
        "a thread.json": file([message(21, kind="21"), message(22, "red"), reply(23, 22, "green")], **thread),
        "general.json": file([message(1), message(2, "grow?"), message(3, kind="ThreadCreated")]),
        "forum post.json": file([message(50, "look"), message(51, "nice")], **post),
        "private.json": file([message(60, "psst")], **secret),
        "notes.txt": "none of it",
    }
    got = read("discord", write_folder(tmp_path / "x", files))
    where = {m.key: (m.channel, m.thread, m.title) for m in got.messages}
    assert where["2"] == ("100", "2", "")
    assert where["22"] == where["23"] == ("100", "2", "Tomatoes")
    assert where["50"] == where["51"] == ("40", "50", "My first bed")
    assert where["60"] == ("60", "60", "Stewards")
    assert (got.channels["40"].name, got.channels["60"].kind) == ("showcase", "private")
    assert [m.key for m in got.messages].index("2") < [m.key for m in got.messages].index("22")
    assert got.skipped == {"system_message": 2, "ignored_file": 1}


def test_parts_of_a_channel_and_their_replies(tmp_path):
    files = {
        "general [part 10].json": file([reply(30, 20)]),
        "general [part 2].json": file([reply(20, 10)]),
        "general [part 1].json": file([message(10)]),
    }
    got = read("discord", write_zip(tmp_path / "x.zip", files))
    assert [(m.key, m.thread) for m in got.messages] == [("10", "10"), ("20", "10"), ("30", "10")]
    assert len(got.channels) == 1
    batches = list(
        open_source("discord", str(tmp_path / "x.zip")).batches(json.dumps({"file": "general [part 10].json"}))
    )
    assert [(m.key, m.thread) for b in batches for m in b.messages] == [("30", "10")]


def test_joins_reactions_mentions_and_files(tmp_path):
    emoji = {"id": "", "name": "👍", "code": "thumbsup", "isAnimated": False}
    custom = {"id": "77", "name": "sprout", "code": "sprout"}
    reactions = [{"emoji": emoji, "count": 3, "users": [AMARA, JOAO]}, {"emoji": custom, "count": 2}]
    files = [{"id": "5", "url": "https://cdn.example.org/bed.png", "fileName": "bed.png", "fileSizeBytes": 99}]
    stickers = [{"id": "6", "name": "Wave", "format": "Png", "sourceUrl": "https://cdn.example.org/wave.png"}]
    got = read(
        "discord",
        one(
            tmp_path,
            message(1, "Joined the server.", JOAO, "GuildMemberJoin"),
            message(
                2, "hi <@12> <:sprout:123456789012345678>", mentions=[JOAO], reactions=reactions, attachments=files
            ),
            message(3, "", stickers=stickers),
        ),
    )
    assert [(join.person, join.channel) for join in got.joins] == [("12", "")]
    assert [(r.author, r.emoji, r.count) for r in got.reactions] == [
        ("11", "thumbsup", 1),
        ("12", "thumbsup", 1),
        ("", "thumbsup", 1),
        ("", "sprout", 2),
    ]
    assert got.messages[0].mentions == ("12",)
    assert got.messages[0].text == "hi <@12> :sprout:"
    assert (got.messages[0].files[0].name, got.messages[0].files[0].size) == ("bed.png", 99)
    assert got.messages[1].files[0].name == "Wave"


def test_raw_mentions_become_names(tmp_path):
    long = {**AMARA, "id": "123456789012345678"}
    path = one(tmp_path, message(1, "x", long), message(2, "<@123456789012345678> <@!123456789012345678>"))
    assert read("discord", path).texts[1] == "@Amara @Amara"


def test_embeds_and_forwards_are_text(tmp_path):
    embed = {"title": "Weather", "url": "", "description": "Rain", "fields": [{"name": "Wind", "value": "low"}]}
    preview = {"title": "A page", "url": "https://example.org", "description": "about"}
    forwarded = {
        "content": "two\nlines",
        "timestamp": "2024-05-01T00:00:00+00:00",
        "attachments": [{"fileName": "f", "url": "u"}],
    }
    got = read(
        "discord",
        one(
            tmp_path,
            message(1, "", ROBOT, embeds=[embed]),
            message(2, "https://example.org", embeds=[preview]),
            message(3, "", forwardedMessage=forwarded),
        ),
    )
    assert got.texts == ["Weather\n\nRain\n\n**Wind** low", "https://example.org", "> two\n> lines"]
    assert got.messages[2].files[0].name == "f"


def test_direct_messages_only_when_asked_for(tmp_path):
    files = {
        "general.json": file([message(1)]),
        "dm.json": file([message(2), message(3)], key="200", name="joao", kind="DirectTextChat", categoryId=None),
    }
    path = write_zip(tmp_path / "x.zip", files)
    got = read("discord", path)
    assert len(got.messages) == 1
    assert got.skipped == {"direct_messages": 2}
    assert len(read("discord", path, direct=frozenset({"joao"})).messages) == 3


def test_deleted_accounts_and_missing_authors(tmp_path):
    gone = {"id": "456226577798135808", "name": "Deleted User", "discriminator": "0000", "isBot": False}
    got = read(
        "discord", one(tmp_path, message(1, author=gone), message(2, author=None), message(3, author={"name": "x"}))
    )
    assert got.people["456226577798135808"].is_deleted
    assert got.reasons == ["no_author", "no_author"]


def test_bad_rows(tmp_path):
    entries = [
        message(1),
        message(1, "again"),
        message(2, timestamp="1969-01-01T00:00:00+00:00"),
        message(3, timestamp="2999-01-01T00:00:00+00:00"),
        message(4, timestamp="soon"),
        {**message(5), "id": None},
        ["not", "an", "object"],
    ]
    got = read("discord", one(tmp_path, *entries))
    assert got.texts == ["Hello"]
    assert got.reasons == ["before_1970", "in_future", "bad_time", "no_key", "not_an_object"]
    assert got.problems[0].line == 3
    assert got.skipped == {"duplicate": 1}


@pytest.mark.parametrize("small", [SMALL, 100])
def test_a_file_that_breaks_off(tmp_path, monkeypatch, small):
    monkeypatch.setattr(discord_module, "SMALL", small)
    path = one(tmp_path, *(message(at, f"number {at}") for at in range(1, 41)))
    path.write_bytes(path.read_bytes()[:-3000])
    got = read("discord", path)
    assert 25 < len(got.messages) < 40
    assert got.texts == [f"number {at}" for at in range(1, len(got.messages) + 1)]
    assert got.reasons == ["broken_file"]


def test_what_is_no_export(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ConnectorError, match="no Discord export"):
        read("discord", tmp_path / "x.json")


def test_preview_says_that_privacy_is_unknown(tmp_path):
    preview = open_source("discord", str(one(tmp_path, message(1), reply(2, 1)))).preview()
    assert (preview.messages, preview.threads) == (2, 1)
    assert len(preview.notes) == 1
