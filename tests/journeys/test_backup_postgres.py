"""A backup goes into a fresh PostgreSQL cluster: readers go on where they were, and nothing is sent.

Transaction ids begin anew in another cluster, lower than those that the log was written with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Cluster, missing, throwaway_cluster
from tests.sites import Site

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing() or "a server is here")]

LETTERS = "import tests.journeys.letters as letters\n"
FOLLOW = LETTERS + "from milepost.foundation.activity import following\nfollowing.catch_up()\n"
JOIN = """
from milepost.domain.people.joining import enrol
from milepost.foundation.identity.models import Community
from milepost.foundation.identity.services import open_account
community = Community.objects.get(slug="garden")
for n in range({first}, {last}):
    account, _ = open_account(mail=f"p{{n}}@example.org", name=f"Person {{n}}")
    enrol(community=community, account=account)
"""
COUNTS = """
import json
from django.db.models import Sum
from milepost.foundation.activity.models import Activity, LogEpoch, MemberDay
print(json.dumps({
    "activities": Activity.objects.count(),
    "joined": MemberDay.objects.filter(verb="member.joined").aggregate(Sum("count"))["count__sum"],
    "epochs": LogEpoch.objects.count(),
}))
"""


@pytest.fixture(scope="module")
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    with throwaway_cluster() as old, throwaway_cluster() as new:
        yield old, new


@pytest.fixture(scope="module")
def old_site(clusters: tuple[Cluster, Cluster], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in which three joined and were welcomed, two more joined and were not yet, and a letter waits in a job."""
    old, _ = clusters
    site = Site(tmp_path_factory.mktemp("old"), old.create_database("milepost"))
    with psycopg.connect(old.url(), autocommit=True) as connection:
        for _ in range(3000):
            connection.execute("SELECT pg_current_xact_id()")
    site.json("community", "create", "garden", "--name", "Garden")
    site.python(JOIN.format(first=0, last=3) + FOLLOW)
    site.python(JOIN.format(first=3, last=5) + LETTERS + "letters.send_letter.enqueue()")
    (site.home / "uploads").mkdir(exist_ok=True)
    (site.home / "uploads" / "picture").write_bytes(b"picture")
    return site


def letters(site: Site) -> list[str]:
    path = site.home / "letters"
    return path.read_text().splitlines() if path.exists() else []


def counts(site: Site) -> dict[str, int]:
    found: dict[str, int] = json.loads(site.python(COUNTS))
    return found


def restored(site: Site, backup: Path, *words: str) -> None:
    """By a process that knows the effect, as a site's own code would."""
    site.python(
        LETTERS + "from milepost.interfaces.cli.root import milepost\n"
        f"milepost(['restore', {str(backup)!r}, *{list(words)!r}])"
    )


def test_into_a_fresh_cluster(clusters, old_site, tmp_path):
    assert len(letters(old_site)) == 3
    old_site.json("backup", tmp_path / "b.tar.gz")
    site = Site(tmp_path / "new", clusters[1].create_database("milepost"))
    restored(site, tmp_path / "b.tar.gz")

    assert (site.home / "uploads" / "picture").read_bytes() == b"picture"
    assert (site.home / "secrets" / "identity").read_text() == (old_site.home / "secrets" / "identity").read_text()
    before = counts(site)
    assert before == {"activities": counts(old_site)["activities"], "joined": 3, "epochs": 2}

    site.python(FOLLOW + "from milepost.foundation.jobs.worker import run_pending\nassert run_pending() == 0")
    assert counts(site)["joined"] == 5, "the projection went on where it was"
    assert letters(site) == [], "nothing old is sent"
    cancelled = site.json("jobs", "list", "--state", "cancelled")
    assert [row["label"] for row in cancelled] == ["Send a letter of a test"]

    site.python(JOIN.format(first=5, last=6) + FOLLOW)
    assert counts(site)["joined"] == 6
    assert len(letters(site)) == 1, "what is new is sent, once"
    assert site.json("check")["ok"]


def test_over_a_site_in_the_same_cluster(clusters, old_site, tmp_path):
    old_site.json("backup", tmp_path / "b.tar.gz")
    url = clusters[0].create_database("copy")
    site = Site(tmp_path / "copy", url)
    site.json("community", "create", "other", "--name", "Other")
    assert site.milepost("restore", tmp_path / "b.tar.gz").returncode == 1
    with psycopg.connect(url) as someone:
        someone.execute("SELECT 1")
        refused = site.milepost("restore", tmp_path / "b.tar.gz", "--force")
    assert refused.returncode == 1
    assert "Other sessions use the database (1)" in refused.stderr
    assert [row["slug"] for row in site.json("community", "list")] == ["other"]

    restored(site, tmp_path / "b.tar.gz", "--force")
    assert [row["slug"] for row in site.json("community", "list")] == ["garden"]
    with psycopg.connect(url) as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before%'").fetchall()
    assert schemas == []
    site.python(JOIN.format(first=7, last=8) + FOLLOW)
    assert counts(site)["joined"] == 6


def test_a_restore_that_fails_puts_back_what_was_there(clusters, old_site, tmp_path):
    """The dump is no dump: its checksum is right, since it was packed so."""
    old_site.json("backup", tmp_path / "b.tar.gz")
    site = Site(tmp_path / "copy", clusters[0].create_database("unlucky"))
    site.json("community", "create", "other", "--name", "Other")
    site.python(
        "from milepost.interfaces.cli.backups.archive import Writer, read_head\n"
        "from pathlib import Path\n"
        f"folder = Path({str(tmp_path)!r}); head = read_head(folder / 'b.tar.gz')\n"
        "(folder / 'junk').write_bytes(b'junk')\n"
        "with (folder / 'junk.tar.gz').open('wb') as out, Writer(out, head) as archive:\n"
        "    archive.add('database.pgdump', folder / 'junk')"
    )
    refused = site.milepost("restore", tmp_path / "junk.tar.gz", "--force")
    assert refused.returncode == 1
    assert "pg_restore failed" in refused.stderr
    assert [row["slug"] for row in site.json("community", "list")] == ["other"]
    assert site.json("check")["ok"]


def test_the_other_kind_of_database_is_sent_to_export(clusters, old_site, tmp_path):
    old_site.json("backup", tmp_path / "b.tar.gz")
    refused = Site(tmp_path / "sqlite").milepost("restore", tmp_path / "b.tar.gz")
    assert refused.returncode == 1
    assert "milepost export" in refused.stderr
