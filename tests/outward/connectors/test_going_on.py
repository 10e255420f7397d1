"""An import that was killed goes on where it was, and nothing is lost or doubled, wherever it was cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.outward.connectors.generate import write_slack_export
from milepost.outward.connectors.records import Options
from milepost.outward.connectors.sources import open_source
from milepost.outward.connectors.sources import slack as slack_module
from tests.outward.connectors import test_discord, test_discourse, test_mbox, test_table
from tests.outward.connectors.building import Read, write_folder, write_zip


def exports(folder: Path) -> dict[str, Path]:
    """One export of each format with answers across files."""
    write_slack_export(folder / "slack.zip", 300, people=20, channels=3, days=8)
    talk = [test_discord.message(at) if at % 3 else test_discord.reply(at, at - 1) for at in range(1, 1200)]
    threads = {"key": "2", "name": "T", "kind": "GuildPublicThread", "categoryId": "100"}
    discord = {
        "a [part 1].json": test_discord.file(talk[:700]),
        "a [part 2].json": test_discord.file(talk[700:]),
        "t.json": test_discord.file([test_discord.message(5000 + at) for at in range(30)], **threads),
    }
    mails = [
        test_mbox.mail(str(at), In_Reply_To=f"<{at - at % 7 or 1}@example.org>" if at % 7 else "")
        for at in range(1, 700)
    ]
    mbox = {"a.mbox": "".join(mails[:450]), "b.mbox": "".join(mails[450:]).replace("2 May 2013", "3 May 2013")}
    topics = {
        f"{at:03}.json": test_discourse.topic(
            *(
                test_discourse.post(at * 10 + n, n, topic_id=at, reply_to_post_number=1 if n > 1 else None)
                for n in range(1, 6)
            ),
            key=at,
        )
        for at in range(30)
    }
    rows = "".join(f"{at},2021-01-01,u{at % 9},x,{at - 1 if at % 4 else ''}\n" for at in range(1, 9000))
    return {
        "slack": folder / "slack.zip",
        "discord": write_zip(folder / "discord.zip", discord),
        "mbox": write_folder(folder / "mbox", mbox),
        "discourse": write_folder(folder / "topics", topics),
        "table": test_table.table(folder, "id,time,user,text,parent_id\n" + rows),
    }


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return exports(tmp_path_factory.mktemp("exports"))


def run(name, path, size, resume=""):
    return list(open_source(name, str(path), Options(batch_size=size)).batches(resume))


@pytest.mark.parametrize("name", ["slack", "discord", "mbox", "discourse", "table"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_anywhere_and_gone_on_is_the_whole(paths, name, data):
    whole = Read(run(name, paths[name], 10_000_000))
    assert len(whole.batches) == 1
    batches = run(name, paths[name], data.draw(st.sampled_from([1, 50, 400])))
    cut = data.draw(st.integers(0, len(batches) - 1))
    first = Read(batches[: cut + 1])
    rest = Read(run(name, paths[name], 300, batches[cut].position))
    assert first.messages + rest.messages == whole.messages
    assert first.reactions + rest.reactions == whole.reactions
    assert first.people | rest.people == whole.people
    assert first.channels | rest.channels == whole.channels


def test_within_a_large_day_of_slack(paths, monkeypatch):
    monkeypatch.setattr(slack_module, "SMALL", 100)
    whole = Read(run("slack", paths["slack"], 10_000_000))
    batches = run("slack", paths["slack"], 7)
    for cut in (3, 10, len(batches) - 2):
        rest = Read(run("slack", paths["slack"], 300, batches[cut].position))
        assert Read(batches[: cut + 1]).messages + rest.messages == whole.messages


@pytest.mark.parametrize("name", ["slack", "discord", "mbox", "discourse", "table"])
def test_twice_is_the_same_and_progress_rises_to_the_end(paths, name):
    first, second = run(name, paths[name], 100), run(name, paths[name], 100)
    assert Read(first).messages == Read(second).messages
    done = [batch.done for batch in first]
    assert done == sorted(done)
    assert done[-1] == first[-1].total > 0


def test_what_is_generated_is_what_is_read(tmp_path):
    made = write_slack_export(tmp_path / "x.zip", 5000, people=50, channels=4, days=30)
    got = Read(run("slack", tmp_path / "x.zip", 500))
    assert len(got.messages) == len(got.by_key) == made.messages == 5000
    assert len(got.people) == made.people
    assert len(got.channels) == made.channels
    assert len({message.thread for message in got.messages}) == made.threads
    assert len(got.reactions) == made.reactions
    assert min(message.at for message in got.messages).replace(microsecond=0) == made.first_at
    assert max(message.at for message in got.messages).replace(microsecond=0) == made.last_at
    assert sum(made.last_word in message.text for message in got.messages) == 1
    again = write_slack_export(tmp_path / "y.zip", 5000, people=50, channels=4, days=30)
    assert again == made
