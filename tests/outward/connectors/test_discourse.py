"""Discourse: topics, pages of posts, lists, categories, the users' CSV."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.sources import detect_source, open_source
from tests.outward.connectors.building import read, write_folder, write_zip

USERS = (
    "id,name,username,email,title,created_at,last_seen_at,trust_level,suspended_at,admin,moderator,location,"
    "Pronouns (custom user field),group_names\r\n"
    '7,"Okafor, Amara",amara,Amara@Example.org,Grower,2019-01-01 10:00:00 UTC,,2,,true,false,Lagos,she,growers;cooks\r\n'
    "8,João,joao,joao@example.org,,2019-02-01 10:00:00 UTC,,1,2020-01-01 00:00:00 UTC,false,false,,,\r\n"
    "-1,system,system,no_email,,2018-01-01 00:00:00 UTC,,4,,true,true,,,\r\n"
    ",nobody,,,,,,,,,,,,\r\n"
)


def post(key, number=1, user=7, name="amara", **more):
    base = {
        "id": key,
        "post_number": number,
        "user_id": user,
        "username": name,
        "name": "",
        "post_type": 1,
        "topic_id": 40,
    }
    return (
        base
        | {"created_at": f"2020-03-0{number % 9 + 1}T10:00:00.000Z", "cooked": f"<p>post {key}</p>", "version": 1}
        | more
    )


def topic(*posts, key=40, **more):
    document = {"id": key, "title": "Spring beds", "category_id": 5, "archetype": "regular", "posts_count": len(posts)}
    return {"post_stream": {"posts": list(posts), "stream": []}} | document | more


CATEGORIES = {
    "category_list": {
        "categories": [
            {"id": 5, "name": "Garden", "description": "<p>All about <b>beds</b></p>", "read_restricted": False,
             "subcategory_list": [{"id": 6, "name": "Seeds"}]},
            {"id": 9, "name": "Staff", "read_restricted": True},
        ]
    }
}  # fmt: skip


def test_a_folder_of_answers(tmp_path):
    files = {
        "users.csv": USERS,
        "categories.json": CATEGORIES,
        "t/40.json": topic(post(1), post(2, 2, 8, "joao", reply_to_post_number=1)),
        "t/41.json": topic(post(10, topic_id=41), key=41, category_id=9, title="For staff"),
        "t/42.json": topic(post(11, topic_id=42), key=42, category_id=6, title="Exchange"),
        "readme.txt": "",
    }
    path = write_folder(tmp_path / "x", files)
    assert detect_source(str(path)) == "discourse"
    got = read("discourse", path)
    amara = got.people["7"]
    assert (amara.name, amara.handle, amara.mail, amara.joined_at) == (
        "Okafor, Amara", "amara", "amara@example.org", datetime(2019, 1, 1, 10, tzinfo=UTC),
    )  # fmt: skip
    assert amara.attributes["Pronouns"] == "she"
    assert amara.attributes["admin"] is True
    assert "ip_address" not in amara.attributes
    assert got.people["8"].attributes["suspended"] is True
    assert got.people["-1"].is_bot
    assert {c.key: (c.name, c.kind) for c in got.channels.values()} == {
        "5": ("Garden", "open"),
        "6": ("Garden / Seeds", "open"),
        "9": ("Staff", "private"),
    }
    assert got.channels["5"].purpose == "All about **beds**"
    assert [(m.key, m.thread, m.reply_to, m.title, m.channel) for m in got.messages] == [
        ("1", "t40", "", "Spring beds", "5"),
        ("2", "t40", "1", "Spring beds", "5"),
        ("10", "t41", "", "For staff", "9"),
        ("11", "t42", "", "Exchange", "6"),
    ]
    assert got.texts[0] == "post 1"
    assert got.reasons == ["no_key"]


def test_kinds_of_posts(tmp_path):
    posts = [
        post(1, 1, raw="as *written*", version=2, updated_at="2020-03-09T00:00:00.000Z"),
        post(2, 2, post_type=4),
        post(3, 3, post_type=3, action_code="closed.enabled"),
        post(4, 4, deleted_at="2020-03-05T00:00:00.000Z"),
        post(5, 5, hidden=True),
        post(6, 6, post_type=2, raw="moved this"),
    ]
    got = read("discourse", write_folder(tmp_path / "x", {"40.json": topic(*posts)}))
    assert got.texts == ["as *written*", "moved this"]
    assert got.messages[0].edited_at == datetime(2020, 3, 9, tzinfo=UTC)
    assert got.skipped == {"whisper": 1, "system_message": 1, "deleted": 2}


def test_likes_have_no_person(tmp_path):
    likes = [{"id": 2, "count": 3}, {"id": 3, "count": 9}]
    plugin = [{"id": "heart", "count": 2}, {"id": "clap", "count": 1}]
    posts = [
        post(1, actions_summary=likes),
        post(2, 2, actions_summary=likes, reactions=plugin),
        post(3, 3, actions_summary=[{"id": 2}]),
    ]
    got = read("discourse", write_folder(tmp_path / "x", {"40.json": topic(*posts)}))
    assert [(r.message, r.author, r.emoji, r.count) for r in got.reactions] == [
        ("1", "", "heart", 3),
        ("2", "", "heart", 2),
        ("2", "", "clap", 1),
    ]


def test_private_messages_only_when_asked_for(tmp_path):
    private = topic(post(9, topic_id=50), key=50, archetype="private_message", title="Between us", category_id=None)
    path = write_zip(tmp_path / "x.zip", {"40.json": topic(post(1)), "50.json": private})
    got = read("discourse", path)
    assert len(got.messages) == 1
    assert got.skipped == {"direct_messages": 1}
    asked = read("discourse", path, direct=frozenset({"Between us"}))
    assert asked.channels["pm:50"].kind == "direct"
    assert len(asked.messages) == 2


def test_pages_of_a_topic_and_lists_of_posts(tmp_path):
    files = {
        "40.json": topic(post(1), post(2, 2)),
        "40-page-2.json": {"post_stream": {"posts": [post(3, 3, reply_to_post_number=2)]}, "id": 40},
        "latest.json": {"users": [{"id": 8, "username": "joao", "name": "João"}], "topic_list": {"topics": [
            {"id": 60, "title": "From a list", "category_id": 5}]}},
        "posts.json": {"latest_posts": [post(20, topic_id=60), post(21, topic_id=61, topic_slug="no-list-names-it")]},
        "single.json": post(30, topic_id=62, topic_title="Alone"),
    }  # fmt: skip
    got = read("discourse", write_folder(tmp_path / "x", files))
    titles = {m.key: m.title for m in got.messages}
    assert titles == {
        "1": "Spring beds",
        "2": "Spring beds",
        "3": titles["3"],
        "20": "From a list",
        "21": "no list names it",
        "30": "Alone",
    }
    assert got.by_key["3"].thread == "t40"
    assert got.by_key["20"].channel == "5"
    assert got.people["8"].name == "João"


def test_answers_across_files_survive_going_on(tmp_path):
    files = {
        "1.json": topic(post(1), post(2, 2)),
        "2.json": {"post_stream": {"posts": [post(3, 3, reply_to_post_number=2)]}},
    }
    path = write_folder(tmp_path / "x", files)
    (message,) = [
        m for b in open_source("discourse", str(path)).batches(json.dumps({"file": "1.json"})) for m in b.messages
    ]
    assert (message.key, message.reply_to) == ("3", "2")


def test_mentions(tmp_path):
    cooked = '<p><a class="mention" href="/u/joao">@joao</a> <a class="mention" href="/u/nobody">@nobody</a></p>'
    got = read(
        "discourse", write_folder(tmp_path / "x", {"users.csv": USERS, "40.json": topic(post(1, cooked=cooked))})
    )
    assert (got.messages[0].text, got.messages[0].mentions) == ("@joao @nobody", ("8",))


def test_bad_posts_and_broken_topics(tmp_path):
    posts = [
        post(1),
        "x",
        post(2, 2, created_at="never"),
        post(3, 3, created_at="2999-01-01T00:00:00Z"),
        post(None, 4),
        post(1, 5),
    ]
    broken = json.dumps(topic(*(post(100 + at, at) for at in range(1, 9))))
    got = read("discourse", write_folder(tmp_path / "x", {"40.json": topic(*posts), "41.json": broken[:-700]}))
    assert sorted(got.reasons) == ["bad_time", "broken_file", "in_future", "no_key", "not_an_object"]
    assert got.skipped == {"duplicate": 1}
    assert 4 < len(got.messages) < 9


def test_only_users(tmp_path):
    (tmp_path / "user-list-1.csv.gz").write_bytes(gzip.compress(USERS.encode()))
    assert len(read("discourse", tmp_path / "user-list-1.csv.gz").people) == 3
    preview = open_source("discourse", str(tmp_path / "user-list-1.csv.gz")).preview()
    assert (preview.people, preview.messages, preview.quarantined) == (3, 0, 1)


def test_what_is_nothing_of_discourse(tmp_path):
    with pytest.raises(ConnectorError, match="nothing of Discourse"):
        read("discourse", write_folder(tmp_path / "x", {"a.json": {"a": 1}, "b.txt": "b"}))
