"""A site is backed up while people write, and comes back whole, on SQLite."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.sites import Site

pytestmark = pytest.mark.slow
CAST = "from tests.factories.cast import make_cast; from tests.factories.people import make_community\n"
WRITER = """
import sys
from django.db import transaction
from milepost.foundation.identity.models import Community
from tests.factories.people import make_person
community = Community.objects.get(slug="garden")
print("writing", flush=True)
n = 0
import select
while not select.select([sys.stdin], [], [], 0)[0]:
    with transaction.atomic():
        make_person(community, name=f"left {n}")
        make_person(community, name=f"right {n}")
    n += 1
print(n)
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a community, an upload and secrets, to be copied."""
    site = Site.prepared(tmp_path_factory.mktemp("prepared"))
    site.json("community", "list")
    site.python(CAST + "make_cast(make_community('garden'))")
    upload = site.home / "uploads" / "2026" / "picture.bin"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(bytes(range(256)) * 1000)
    return site.home


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Site:
    home = tmp_path / "old"
    shutil.copytree(prepared, home)
    return Site(home)


def people(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "milepost.sqlite3")) as database:
        return [name for (name,) in database.execute("SELECT name FROM identity_person ORDER BY name")]


def test_a_backup_made_while_people_write_is_of_one_moment(site, tmp_path):
    with site.start_python(WRITER) as writer:
        assert writer.stdout.readline() == "writing\n"
        made = site.json("backup", tmp_path / "b.tar.gz")
        out, _ = writer.communicate("stop\n")
    assert int(out) > 20
    assert made["files"] == 4
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600

    fresh = Site(tmp_path / "new")
    done = fresh.json("restore", tmp_path / "b.tar.gz")
    assert done["migrated"] == 0
    there = people(fresh.home)
    left = {name.split()[1] for name in there if name.startswith("left ")}
    assert left == {name.split()[1] for name in there if name.startswith("right ")}
    assert 0 < len(left) < int(out)
    for name in ("uploads/2026/picture.bin", "secrets/django", "secrets/identity"):
        assert (fresh.home / name).read_bytes() == (site.home / name).read_bytes()
    with closing(sqlite3.connect(fresh.home / "milepost.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_through_a_pipe_and_without_secrets(site, tmp_path):
    with (tmp_path / "b.tar.gz").open("wb") as out:
        process = site.start("backup", "-", "--without-secrets", stdout=out)
        _, said = process.communicate()
    assert process.returncode == 0, said
    assert "without secrets" in said
    fresh = Site(tmp_path / "new")
    fresh.json("restore", tmp_path / "b.tar.gz")
    assert people(fresh.home) == people(site.home)
    assert (fresh.home / "secrets/django").read_text() != (site.home / "secrets/django").read_text()


def test_a_site_that_is_there_is_replaced_only_by_force_and_kept_aside(site, tmp_path):
    site.json("backup", tmp_path / "b.tar.gz")
    site.python(CAST + "make_community('later')")
    refused = site.milepost("restore", tmp_path / "b.tar.gz", "--json")
    assert refused.returncode == 1
    assert "--force" in json.loads(refused.stdout)["error"]["hint"]
    assert [row["slug"] for row in site.json("community", "list")] == ["garden", "later"]

    done = site.json("restore", tmp_path / "b.tar.gz", "--force")
    assert [row["slug"] for row in site.json("community", "list")] == ["garden"]
    kept = {Path(path).name.partition(".before-restore")[0]: Path(path) for path in done["kept"]}
    assert set(kept) == {"milepost.sqlite3", "uploads", "secrets"}
    with closing(sqlite3.connect(kept["milepost.sqlite3"])) as old:
        assert old.execute("SELECT count(*) FROM identity_community").fetchone() == (2,)


def test_a_damaged_backup_changes_nothing(site, tmp_path):
    site.json("backup", tmp_path / "b.tar.gz")
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "b.tar.gz").write_bytes(whole[: len(whole) // 2])
    before = people(site.home)
    refused = site.milepost("restore", tmp_path / "b.tar.gz", "--force")
    assert refused.returncode == 1
    assert "is damaged" in refused.stderr
    assert "Nothing was changed" in refused.stderr
    assert people(site.home) == before
    assert (site.home / "uploads/2026/picture.bin").exists()
    assert [path.name for path in (site.home / "run").iterdir() if path.is_dir()] == []


def test_a_newer_versions_backup_is_refused_before_anything_is_touched(site, tmp_path):
    site.python(
        "from django.db.migrations.recorder import MigrationRecorder; from django.db import connection\n"
        "MigrationRecorder(connection).record_applied('spaces', '0099_beyond')"
    )
    site.json("backup", tmp_path / "b.tar.gz")
    refused = Site(tmp_path / "new").milepost("restore", tmp_path / "b.tar.gz")
    assert refused.returncode == 1
    assert "0099_beyond" in refused.stderr


def test_a_name_that_is_taken_is_not_written_over(site, tmp_path):
    taken = tmp_path / "b.tar.gz"
    taken.write_text("mine")
    assert site.milepost("backup", taken).returncode == 1
    assert taken.read_text() == "mine"
    made = site.json("backup", tmp_path)
    assert Path(made["path"]).parent == tmp_path


def test_nothing_is_replaced_under_a_site_that_runs(site, tmp_path):
    site.json("backup", tmp_path / "b.tar.gz")
    with site.start("worker") as worker:
        try:
            for line in worker.stderr:
                if "begins" in line:
                    break
            refused = site.milepost("restore", tmp_path / "b.tar.gz", "--force")
            upgrade = site.milepost("upgrade")
        finally:
            worker.terminate()
        worker.communicate()
    assert worker.returncode == 0
    for done in (refused, upgrade):
        assert done.returncode == 1
        assert "systemctl stop milepost" in done.stderr
    assert site.milepost("restore", tmp_path / "b.tar.gz", "--force").returncode == 0
