"""Slack exports: who, where, threads, subtypes, reactions, and everything that comes broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.sources import detect_source, open_source
from milepost.outward.connectors.sources import slack as slack_module
from tests.outward.connectors.building import CHANNELS, USERS, read, said, slack_files, write_folder, write_zip

DAY = "general/2020-01-02"


def export(tmp_path, entries, name="a.zip", **lists):
    return write_zip(tmp_path / name, slack_files({DAY: entries}, **lists))


def test_people_channels_and_messages(tmp_path):
    got = read("slack", export(tmp_path, [said("1577967000.000100", "Hello <@U2>")]))
    amara, joao, helper = (got.people[key] for key in ("U1", "U2", "U3"))
    assert (amara.name, amara.handle, amara.mail) == ("Amara Okafor", "amara", "amara@example.org")
    assert (joao.name, joao.is_deleted, helper.is_bot) == ("João Silva", True, True)
    channel = got.channels["C1"]
    assert (channel.name, channel.kind, channel.purpose, channel.members) == ("general", "open", "All", ("U1", "U2"))
    assert channel.created_at == datetime(2020, 1, 1, tzinfo=UTC)
    (message,) = got.messages
    assert message.key == message.thread == "C1:1577967000.000100"
    assert (message.reply_to, message.author, message.text, message.mentions) == (
        "",
        "U1",
        "Hello @João Silva",
        ("U2",),
    )
    assert message.at == datetime(2020, 1, 2, 12, 10, 0, 100, tzinfo=UTC)


@pytest.mark.parametrize("under", ["", "Garden Slack export Jan 1 2020/"])
def test_a_zip_wrapped_in_a_folder_and_a_folder_give_the_same(tmp_path, under):
    files = slack_files({DAY: [said("1577967000.000100")], "general/2020-01-03": [said("1578053400.000100")]})
    zipped = read("slack", write_zip(tmp_path / "a.zip", files, under))
    folder = read("slack", write_folder(tmp_path / "export", files))
    assert zipped.messages == folder.messages
    assert len(folder.messages) == 2
    assert detect_source(str(tmp_path / "a.zip")) == detect_source(str(tmp_path / "export")) == "slack"


def test_threads_replies_and_broadcasts(tmp_path):
    root, reply = "1577967000.000100", "1577967100.000200"
    entries = [
        # Out of order within the day: the answer stands first.
        said(reply, "answer", "U2", thread_ts=root, parent_user_id="U1"),
        said(root, "question", thread_ts=root, reply_count=2, replies=[{"user": "U2", "ts": reply}]),
        said("1577967200.000300", "also to the channel", subtype="thread_broadcast", thread_ts=root, root={"ts": root}),
        said("1577967200.000300", "also to the channel", subtype="thread_broadcast", thread_ts=root),
    ]
    got = read("slack", export(tmp_path, entries))
    assert got.texts == ["question", "answer", "also to the channel"]
    assert {message.thread for message in got.messages} == {f"C1:{root}"}
    assert [message.reply_to for message in got.messages] == ["", f"C1:{root}", f"C1:{root}"]
    assert got.skipped["duplicate"] == 1


def test_a_thread_whose_first_message_is_deleted_keeps_its_replies(tmp_path):
    root = "1577967000.000100"
    entries = [
        said(root, "This message was deleted.", subtype="tombstone"),
        said("1577967100.000200", "why?", thread_ts=root),
    ]
    got = read("slack", export(tmp_path, entries))
    assert got.texts == ["why?"]
    assert got.messages[0].thread == f"C1:{root}"
    assert got.skipped["deleted"] == 1


def test_subtypes(tmp_path):
    entries = [
        said("1577967001.000001", "<@U2> has joined the channel", "U2", subtype="channel_join"),
        said("1577967002.000001", "set the topic", subtype="channel_topic"),
        said("1577967003.000001", "waves", subtype="me_message"),
        {"type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "Weather", "text": "Rain", "ts": "1577967004.000001"},
        {"type": "message", "subtype": "bot_message", "username": "Owl", "text": "hoo", "ts": "1577967005.000001"},
        said("1577967006.000001", "look", subtype="file_share", files=[{"id": "F1", "name": "bed.jpg", "mimetype": "image/jpeg",
             "url_private": "https://files.example.org/bed.jpg", "size": 12}]),
        {"type": "message", "subtype": "file_comment", "comment": {"user": "U2", "comment": "nice"}, "text": "nice", "ts": "1577967007.000001"},
        said("1577967008.000001", "A huddle started", "USLACKBOT", subtype="huddle_thread"),
        said("1577967009.000001", "edit", subtype="message_changed", message=said("1577967003.000001", "new")),
        said("1577967010.000001", "", subtype="message_deleted", hidden=True),
        said("1577967011.000001", "something new", subtype="a_subtype_of_tomorrow"),
    ]  # fmt: skip
    got = read("slack", export(tmp_path, entries))
    assert got.texts == ["_waves_", "Rain", "hoo", "look", "nice", "something new"]
    assert [(join.person, join.channel) for join in got.joins] == [("U2", "C1")]
    assert got.people["B1"].is_bot
    assert got.people["bot:Owl"].name == "Owl"
    assert got.messages[3].files[0].url == "https://files.example.org/bed.jpg"
    assert got.messages[3].files[0].size == 12
    assert got.messages[4].author == "U2"
    assert got.skipped == {"system_message": 2, "edit_record": 1, "deleted": 1}


def test_an_edit_whose_message_was_left_out_gives_the_message(tmp_path):
    inner = said("1577967003.000001", "as it is now", edited={"user": "U1", "ts": "1577967009.000000"})
    got = read("slack", export(tmp_path, [said("1577967009.000001", "", subtype="message_changed", message=inner)]))
    (message,) = got.messages
    assert (message.key, message.text) == ("C1:1577967003.000001", "as it is now")
    assert message.edited_at == datetime(2020, 1, 2, 12, 10, 9, tzinfo=UTC)


def test_text_of_apps_stands_in_attachments_or_blocks(tmp_path):
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Deployed* by "}}
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "user", "user_id": "U1"},
                    {"type": "text", "text": " says hi "},
                    {"type": "link", "url": "https://example.org"},
                ],
            }
        ],
    }
    unfurl = {"from_url": "https://example.org", "title": "Not said by anyone"}
    entries = [
        said("1577967001.000001", "", attachments=[{"fallback": "f", "title": "Build", "text": "passed"}]),
        said("1577967002.000001", "", blocks=[section]),
        said("1577967003.000001", "", blocks=[rich]),
        said("1577967004.000001", "see <https://example.org>", attachments=[unfurl]),
    ]  # fmt: skip
    got = read("slack", export(tmp_path, entries))
    assert got.texts == [
        "Build\n\npassed",
        "**Deployed** by",
        "@amara says hi <https://example.org>",
        "see <https://example.org>",
    ]
    assert got.messages[2].mentions == ("U1",)


def test_reactions_also_of_people_who_are_not_listed(tmp_path):
    reactions = [
        {"name": "+1::skin-tone-3", "users": ["U1", "U2", "U2"], "count": 5},
        {"name": "tada", "users": ["U77"], "count": 1},
    ]
    got = read("slack", export(tmp_path, [said("1577967001.000001", reactions=reactions)]))
    found = [(reaction.author, reaction.emoji, reaction.count) for reaction in got.reactions]
    assert found == [("U1", "+1", 1), ("U2", "+1", 1), ("", "+1", 3), ("U77", "tada", 1)]
    assert "U77" in got.people
    assert {reaction.message for reaction in got.reactions} == {"C1:1577967001.000001"}


def test_unknown_users_come_from_their_messages(tmp_path):
    profile = {"real_name": "Yuki Sato", "display_name": "yuki", "name": "yuki", "team": "T2"}
    users = [dict(USERS[0], team_id="T1")]
    entries = [
        said("1577967001.000001", "hi", "W9", user_profile=profile, user_team="T2"),
        said("1577967002.000001", "hi", "U404"),
        said("1577967003.000001", "hi", "UBOT", bot_id="B9", bot_profile={"name": "Polls"}),
    ]
    got = read("slack", export(tmp_path, entries, users=users))
    assert (got.people["W9"].name, got.people["W9"].attributes) == ("Yuki Sato", {"team": "T2"})
    assert got.people["U404"].name == ""
    assert (got.people["UBOT"].name, got.people["UBOT"].is_bot) == ("Polls", True)
    assert len(got.messages) == 3


def all_kinds(tmp_path):
    days = {
        DAY: [said("1577967001.000001", "open")],
        "secret/2020-01-02": [said("1577967001.000001", "private")],
        "D0000001/2020-01-02": [said("1577967001.000001", "direct"), said("1577967002.000001", "direct")],
        "mpdm-a--b-1/2020-01-02": [said("1577967001.000001", "few")],
        "FC:F1:canvas/2020-01-02": [said("1577967001.000001", "on a canvas")],
    }
    lists = {
        "groups": [{"id": "G1", "name": "secret", "members": ["U1"]}],
        "dms": [{"id": "D0000001", "members": ["U1", "U2"]}],
        "mpims": [{"id": "M1", "name": "mpdm-a--b-1", "members": ["U1"]}],
        "canvases": [],
    }
    return write_zip(tmp_path / "a.zip", slack_files(days, **lists))


def test_direct_messages_only_when_asked_for_by_name(tmp_path):
    path = all_kinds(tmp_path)
    got = read("slack", path)
    assert sorted(got.texts) == ["open", "private"]
    assert {channel.key: channel.kind for channel in got.channels.values()} == {"C1": "open", "G1": "private"}
    assert got.skipped == {"direct_messages": 3, "ignored_file": 2}
    asked = read("slack", path, direct=frozenset({"D0000001"}))
    assert sorted(asked.texts) == ["direct", "direct", "open", "private"]
    assert asked.channels["D0000001"].kind == "direct"


def test_channels_can_be_chosen(tmp_path):
    path = all_kinds(tmp_path)
    assert read("slack", path, only_channels=frozenset({"secret"})).texts == ["private"]
    assert read("slack", path, skip_channels=frozenset({"G1"})).texts == ["open"]
    assert read("slack", path, private_channels=frozenset({"general"})).channels["C1"].kind == "private"


def test_channels_that_were_renamed_or_are_not_listed(tmp_path):
    channels = [{**CHANNELS[0], "name": "commons", "previous_names": ["general"]}]
    days = {DAY: [said("1577967001.000001", "old name")], "lost/2020-01-02": [said("1577967001.000001", "lost")]}
    days["mpdm-x-1/2020-01-02"] = [said("1577967001.000001", "direct")]
    got = read("slack", write_zip(tmp_path / "a.zip", slack_files(days, channels=channels)))
    assert {message.channel: message.text for message in got.messages} == {"C1": "old name", "lost": "lost"}
    assert got.skipped["direct_messages"] == 1


def test_bad_rows_go_into_quarantine_and_the_rest_comes(tmp_path):
    entries = [
        said("1577967001.000001", "good"),
        said("99999999999.0", "from the future"),
        said("-5.0", "from the past"),
        said("yesterday", "no time"),
        {"type": "message", "text": "nobody", "ts": "1577967002.000001"},
        {"type": "message", "user": "U1", "text": "timeless"},
        "not an object",
        said("1577967003.000001", "x" * 300_000),
        said("1577967004.000001", "half an emoji \ud83d and a \x00"),
    ]
    got = read("slack", export(tmp_path, entries))
    assert sorted(got.reasons) == sorted(
        ["in_future", "before_1970", "bad_time", "no_author", "no_time", "not_an_object", "text_cut"]
    )
    assert [problem.noted for problem in got.problems if problem.reason == "text_cut"] == [True]
    future = next(problem for problem in got.problems if problem.reason == "in_future")
    assert (future.where, future.line) == (f"{DAY}.json", 2)
    assert "from the future" in future.excerpt
    assert [len(text) for text in got.texts] == [4, 200_000, 22]
    for text in got.texts:
        text.encode()


def test_a_day_that_breaks_off_keeps_what_came_before(tmp_path):
    whole = json.dumps([said(f"15779670{at:02}.000001", f"number {at}") for at in range(30)])
    days = {DAY: whole[: len(whole) // 2], "general/2020-01-03": [said("1578053400.000100", "next day")]}
    got = read("slack", write_zip(tmp_path / "a.zip", slack_files(days)))
    assert got.texts[-1] == "next day"
    assert got.texts[:14] == [f"number {at}" for at in range(14)]
    assert got.reasons == ["broken_file"]


def test_users_that_break_off(tmp_path):
    files = slack_files({DAY: [said("1577967001.000001")]})
    files["users.json"] = json.dumps(USERS)[:-150]
    got = read("slack", write_zip(tmp_path / "a.zip", files))
    assert "U1" in got.people
    assert got.reasons == ["broken_file"]
    assert len(got.messages) == 1


def test_other_encodings_are_noted(tmp_path):
    raw = json.dumps([said("1577967001.000001", "café")], ensure_ascii=False).encode("cp1252")
    got = read("slack", write_zip(tmp_path / "a.zip", slack_files({DAY: raw})))
    assert got.texts == ["café"]
    assert [(problem.reason, problem.noted) for problem in got.problems] == [("wrong_encoding", True)]


def test_a_large_day_is_streamed(tmp_path, monkeypatch):
    monkeypatch.setattr(slack_module, "SMALL", 1000)
    entries = [said(f"15779670{at:02}.000001", f"number {at}") for at in range(60)]
    got = read("slack", export(tmp_path, entries), batch_size=10)
    assert got.texts == [f"number {at}" for at in range(60)]
    assert len(got.batches) >= 6


def test_an_answer_of_the_api_serves_as_a_day(tmp_path):
    got = read("slack", export(tmp_path, {"ok": True, "messages": [said("1577967001.000001")]}))
    assert len(got.messages) == 1


def test_an_empty_export_and_what_is_none(tmp_path):
    with pytest.raises(ConnectorError, match="nothing to import") as caught:
        read("slack", write_zip(tmp_path / "a.zip", slack_files({}, users=[], channels=[])))
    assert caught.value.hint
    with pytest.raises(ConnectorError, match="not a Slack export"):
        read("slack", write_zip(tmp_path / "b.zip", {"x.json": []}))


def test_preview_counts_and_lists(tmp_path):
    root = "1577967001.000001"
    entries = [
        said(root),
        said("1577967002.000001", thread_ts=root, reactions=[{"name": "x", "users": ["U1"], "count": 1}]),
    ]
    days = {DAY: entries, "mpdm-x-1/2020-01-02": [said("1577967001.000001")]}
    preview = open_source("slack", str(write_zip(tmp_path / "a.zip", slack_files(days)))).preview()
    assert (preview.people, preview.messages, preview.threads, preview.reactions, preview.exact) == (3, 2, 1, 1, True)
    assert [(c.name, c.kind, c.messages, c.chosen) for c in preview.channels] == [
        ("general", "open", 2, True),
        ("mpdm-x-1", "direct", 0, False),
    ]
    assert preview.skipped == {"direct_messages": 1}
    assert preview.first_at < preview.last_at


def test_preview_of_a_large_export_projects(tmp_path):
    days = {
        f"general/2020-01-{day:02}": [
            said(f"{1577836800 + day * 86400 + at}.000001", "word " * 20) for at in range(100)
        ]
        for day in range(1, 31)
    }
    source = open_source("slack", str(write_zip(tmp_path / "a.zip", slack_files(days))))
    source.options.batch_size = 200
    preview = source.preview(budget=50_000)
    assert not preview.exact
    assert 2700 < preview.messages < 3300
    assert preview.first_at.date().isoformat() == "2020-01-01"
    assert preview.last_at.date().isoformat() == "2020-01-30"
