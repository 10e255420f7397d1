"""An import from the upload to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from milepost.foundation.common import clock
from milepost.foundation.identity.models import Person
from milepost.foundation.jobs.models import JobRun
from milepost.outward.connectors import uploading
from milepost.outward.connectors.models import ImportRun
from milepost.outward.connectors.tasks import carry_out_import, forget_uploads
from tests.factories import Cast

from .conftest import Caller

MEMBERS = b"id,name,joined\n1,Rosa,2024-01-05\n2,Kofi,2024-02-06\n3,,nonsense\n"


def upload(who: Caller, content: bytes = MEMBERS, name: str = "members.csv", **fields: Any) -> Any:
    given = {"kind": "table", "file": SimpleUploadedFile(name, content)} | fields
    return Client(raise_request_exception=False).post(
        f"/api/v1/communities/{who.community.slug}/imports",
        {k: v for k, v in given.items() if v is not None},
        headers={"authorization": f"Bearer {who.secret}"},
    )


def test_from_upload_to_report(steward: Caller, cast: Cast) -> None:
    options = {"mapping": {"id": "id", "name": "name", "time": "joined"}, "kind": "members"}
    answer = upload(steward, options=json.dumps(options))
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert (told["state"], told["percent"], told["file_name"]) == ("waiting", 0, "members.csv")
    run = ImportRun.objects.get(pk=told["id"])
    assert run.started_by == cast.lan
    job = JobRun.objects.get(name="milepost.outward.connectors.tasks.carry_out_import")
    assert (job.queue_name, job.community_id, job.arguments["args"]) == ("imports", cast.community.pk, [told["id"]])
    assert Path(run.path).read_bytes() == MEMBERS
    assert Path(run.path).parent.parent == site.MILEPOST_HOME / "imports"

    carry_out_import(told["id"])
    assert not Path(run.path).exists()
    told = steward.get(f"/imports/{run.pk}").json()
    assert (told["state"], told["percent"]) == ("finished", 100)
    report = steward.get(f"/imports/{run.pk}/report").json()
    assert report["state"] == "finished"
    assert report["people"] == Person.objects.filter(identities__source="table").count() >= 2
    quarantined = steward.walk(f"/imports/{run.pk}/quarantine?limit=1")
    assert len(quarantined) == report["quarantined"] + report["noted"]
    assert [row["id"] for row in steward.walk("/imports")] == [told["id"]]
    carry_out_import(told["id"])  # again: it is done


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "myspace"}, "kind"),
        ({"kind": None}, "kind"),
        ({"file": None}, "file"),
        ({"options": "{"}, "options"),
        ({"options": '{"only": []}'}, "options"),
        ({"options": '{"kind": "cats"}'}, "options"),
        ({"source": "Not A Source"}, "source"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(fields: dict[str, Any], pointer: str, steward: Caller) -> None:
    answer = upload(steward, **fields)
    assert answer.status_code == 422
    assert pointer in answer.json()["errors"][0]["pointer"]
    assert not ImportRun.objects.exists()


def test_an_empty_file_is_refused(steward: Caller) -> None:
    answer = upload(steward, b"")
    assert answer.status_code == 422
    assert answer.json()["hint"] == "Choose the file again."


@pytest.mark.parametrize(
    ("kind", "content", "options"),
    [
        ("slack", b"no zip at all", {}),
        ("discord", MEMBERS, {}),
        ("table", b"\x89PNG\r\n\x1a\n\0\0", {}),
        ("table", MEMBERS, {"mapping": {"cat": "name"}}),
    ],
)
def test_a_file_of_another_kind_is_refused_at_once(kind: str, content: bytes, options: Any, steward: Caller) -> None:
    before = set(uploading.folder().glob("*/*"))
    answer = upload(steward, content, "export.zip", kind=kind, options=json.dumps(options))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"].endswith("#refused")
    assert problem["detail"]
    assert problem["hint"] or "Fields of" in problem["detail"]
    assert set(uploading.folder().glob("*/*")) == before
    assert not ImportRun.objects.exists()


def test_the_same_file_goes_on_with_its_first_copy(steward: Caller) -> None:
    first = upload(steward).json()
    ImportRun.objects.update(started_at=clock.now())
    path = Path(ImportRun.objects.get().path)
    assert upload(steward).json()["id"] == first["id"]
    assert path.exists()
    path.unlink()
    assert upload(steward).json()["id"] == first["id"]
    assert Path(ImportRun.objects.get().path).exists()


def test_a_file_above_the_limit_is_refused(steward: Caller, settings: Any) -> None:
    settings.IMPORT_LIMIT = 10
    answer = upload(steward)
    assert answer.status_code == 422
    assert "too large" in answer.json()["detail"]


def test_a_body_that_breaks_off_is_400(steward: Caller) -> None:
    answer = Client(raise_request_exception=False).post(
        f"/api/v1/communities/{steward.community.slug}/imports",
        b"--x\r\nContent-Disposition: form-data; name=",
        content_type="multipart/form-data",
        headers={"authorization": f"Bearer {steward.secret}"},
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x.zip", "a\0b.zip", ".."])
def test_a_name_cannot_climb(name: str, cast: Cast) -> None:
    path = uploading.keep(SimpleUploadedFile("x", b"content"), cast.community)
    climbing = SimpleUploadedFile("x", b"content")
    climbing._name = name  # type: ignore[attr-defined]
    kept = uploading.keep(climbing, cast.community)
    assert kept.parent == path.parent
    assert kept.read_bytes() == b"content"


def test_a_large_upload_is_moved_and_not_copied(cast: Cast) -> None:
    file = TemporaryUploadedFile("export.zip", "application/zip", 7, None)
    file.write(b"content")
    file.flush()
    inode = Path(file.temporary_file_path()).stat().st_ino
    kept = uploading.keep(file, cast.community)
    file.close()
    assert kept.stat().st_ino == inode
    assert kept.read_bytes() == b"content"


def test_what_an_operator_named_is_theirs(tmp_path: Path) -> None:
    mine = tmp_path / "export.zip"
    mine.write_bytes(b"content")
    uploading.discard(mine)
    assert mine.exists()


def test_old_uploads_go(cast: Cast) -> None:
    kept = uploading.keep(SimpleUploadedFile("x.csv", b"content"), cast.community)
    forget_uploads()
    assert kept.exists()
    with clock.moved(uploading.KEPT * 2):
        forget_uploads()
    assert not kept.exists()
