"""Memory stays flat whatever comes: each reading runs in a process of its own, whose peak is looked at."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from milepost.outward.connectors.generate import write_slack_export
from tests.outward.connectors import test_discord, test_mbox
from tests.outward.connectors.building import CHANNELS, USERS, said

LIMIT = 200  # MB for a reader by itself; an import has 300 with its database
# Not `ru_maxrss`: a child begins with the peak of the process that started it.
CHILD = r"""
import json, re, sys
from pathlib import Path
from django.conf import settings
settings.configure(USE_I18N=False)
from milepost.outward.connectors.sources import open_source
counts, reasons = {}, set()
for batch in open_source(sys.argv[1], sys.argv[2]).batches():
    for kind in ("people", "channels", "messages"):
        counts[kind] = counts.get(kind, 0) + len(getattr(batch, kind))
    reasons |= {problem.reason for problem in batch.problems}
peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps(counts | {"reasons": sorted(reasons), "peak": peak}))
"""


pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def read_apart(name, path):
    done = subprocess.run([sys.executable, "-c", CHILD, name, str(path)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["peak"] < LIMIT, found
    return found


def write_slack(path, entries, channels=CHANNELS):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("users.json", json.dumps(USERS))
        archive.writestr("channels.json", json.dumps(channels))
        archive.writestr("general/2020-01-02.json", json.dumps(entries))
    return path


@pytest.mark.parametrize(("letter", "count"), [("x", 50_000_000), ("🌱", 4_500_000)])
def test_a_message_of_50_mb(tmp_path, letter, count):
    # Each seedling is written as twelve characters.
    entries = [said("1577967001.000001"), said("1577967002.000001", letter * count), said("1577967003.000001")]
    found = read_apart("slack", write_slack(tmp_path / "x.zip", entries))
    assert found["messages"] == 2
    assert found["reasons"] == ["too_large"]


def test_a_mail_of_50_mb(tmp_path):
    line = base64.b64encode(b"x" * 54).decode() + "\n"
    body = (
        f"--x\n\nthe text\n--x\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n{line * 700_000}--x--\n"
    )
    giant = test_mbox.mail("2", body=body, Content_Type="multipart/mixed; boundary=x")
    (tmp_path / "x.mbox").write_text(test_mbox.mail("1") + giant + test_mbox.mail("3"))
    found = read_apart("mbox", tmp_path / "x.mbox")
    assert found["messages"] == 3
    assert found["reasons"] == ["text_cut"]


def test_100_000_channels(tmp_path):
    channels = [{"id": f"C{at:07}", "name": f"a-channel-{at}"} for at in range(100_000)]
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.json", json.dumps(USERS))
        archive.writestr("channels.json", json.dumps(channels))
        for at in range(0, 100_000, 5):
            archive.writestr(f"a-channel-{at}/2020-01-02.json", json.dumps([said("1577967001.000001")]))
    found = read_apart("slack", path)
    assert (found["channels"], found["messages"]) == (100_000, 20_000)


def test_a_channel_of_discord_in_one_file(tmp_path):
    one = json.dumps(test_discord.message(1, "word " * 400))
    with (tmp_path / "x.json").open("w") as file:
        document = json.dumps(test_discord.file([]))
        file.write(document[: document.index('"messages": [') + 13])
        for at in range(60_000):
            file.write(("," if at else "") + one.replace('"id": "1"', f'"id": "{at + 1}"', 1))
        file.write("]}")
    assert (tmp_path / "x.json").stat().st_size > 100_000_000
    assert read_apart("discord", tmp_path / "x.json")["messages"] == 60_000


def test_a_long_slack_export(tmp_path):
    write_slack_export(tmp_path / "x.zip", 60_000, people=500, channels=5)
    assert read_apart("slack", tmp_path / "x.zip")["messages"] == 60_000
