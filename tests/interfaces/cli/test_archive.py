"""The file of a backup: whole or refused, and nothing in it climbs out."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.interfaces.cli.backups import archive as archive_module
from milepost.interfaces.cli.backups.archive import HEAD, SUMS, Writer, read_head, unpack
from milepost.interfaces.cli.terminal import Refused

HEAD_DATA = {
    "milepost": "0.1.0",
    "made_at": "2026-01-02T03:04:05+00:00",
    "database": {"vendor": "sqlite"},
    "migrations": [["people", "0001_initial"]],
    "bytes": 1,
}


def quiet(done, total=None, note=""):
    pass


@pytest.fixture
def content(tmp_path):
    folder = tmp_path / "content"
    (folder / "uploads" / "2026").mkdir(parents=True)
    (folder / "database.sqlite3").write_bytes(bytes(range(256)) * 40)
    (folder / "uploads" / "2026" / "ßtage.png").write_bytes(b"picture")
    return folder


@pytest.fixture
def backup(tmp_path, content):
    path = tmp_path / "backup.tar.gz"
    with path.open("wb") as out, Writer(out, HEAD_DATA) as archive:
        for file in sorted(content.rglob("*")):
            assert archive.add(file.relative_to(content).as_posix(), file) == file.is_file() if file.is_file() else True
    return path


def test_what_was_packed_comes_out_equal(tmp_path, backup, content):
    target = tmp_path / "out"
    target.mkdir()
    unpacked = unpack(backup, target, quiet)
    assert unpacked.files == ["database.sqlite3", "uploads/2026/ßtage.png"]
    assert unpacked.head["milepost"] == "0.1.0"
    for name in unpacked.files:
        assert (target / name).read_bytes() == (content / name).read_bytes()
        assert (target / name).stat().st_mode & 0o077 == 0


def test_a_file_that_went_meanwhile_is_left_out(tmp_path):
    with Writer(io.BytesIO(), HEAD_DATA) as archive:
        assert archive.add("uploads/gone", tmp_path / "gone") is False
        assert archive.sums.keys() == {HEAD}


def outcome(archive, folder) -> dict[str, bytes] | None:
    """The files that came out of it; None where it was refused."""
    try:
        unpacked = unpack(archive, folder, quiet)
    except Refused:
        return None
    return {name: (folder / name).read_bytes() for name in unpacked.files}


def packed_files(content) -> dict[str, bytes]:
    return {name: (content / name).read_bytes() for name in ("database.sqlite3", "uploads/2026/ßtage.png")}


ONE_FOLDER = [HealthCheck.function_scoped_fixture]


@settings(max_examples=40, deadline=None, suppress_health_check=ONE_FOLDER)
@given(data=st.data())
def test_cut_off_anywhere_it_is_refused(tmp_path_factory, backup, content, data):
    whole = backup.read_bytes()
    length = data.draw(st.integers(0, len(whole) - 1))
    folder = tmp_path_factory.mktemp("cut")
    cut = folder / "cut.tar.gz"
    cut.write_bytes(whole[:length])
    found = outcome(cut, folder)
    # Near its end a tar file is padding only.
    assert found is None or (found == packed_files(content) and length > len(whole) * 0.9)


@settings(max_examples=60, deadline=None, suppress_health_check=ONE_FOLDER)
@given(data=st.data())
def test_a_changed_byte_never_passes_as_the_same(tmp_path_factory, backup, content, data):
    whole = bytearray(backup.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    folder = tmp_path_factory.mktemp("changed")
    changed = folder / "changed.tar.gz"
    changed.write_bytes(whole)
    # Some bytes say nothing: the time in gzip's header, the padding between files.
    assert outcome(changed, folder) in (None, packed_files(content))


def packed(path, members, head=HEAD_DATA):
    """An archive made by hand, with sums that fit."""
    with tarfile.open(path, "w:gz") as tar:

        def text(name, data):
            body = json.dumps(data).encode()
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
            return {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}

        sums = {HEAD: text(HEAD, {"format": 1, **head})}
        for info, body in members:
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        text(SUMS, sums)
    return path


def link(name, target):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


@pytest.mark.parametrize(
    "info",
    [
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("/etc/outside"),
        tarfile.TarInfo("uploads/../../outside"),
        tarfile.TarInfo("uploads"),
        tarfile.TarInfo("static/web.css"),
        link("uploads/link", "/etc/passwd"),
        link("database.sqlite3", "/etc/passwd"),
    ],
    ids=lambda info: info.name,
)
def test_what_is_no_part_of_a_backup_is_refused(tmp_path, info):
    path = packed(tmp_path / "made.tar.gz", [(info, b"")])
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(Refused, match="no part of a backup"):
        unpack(path, target, quiet)
    assert list(target.rglob("*")) == []
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("body", [b"", b"hello", b"PK\x03\x04 a zip"])
def test_another_file_is_no_backup(tmp_path, body):
    path = tmp_path / "other"
    path.write_bytes(body)
    with pytest.raises(Refused, match="no backup made by"):
        read_head(path)


def test_a_tar_of_someone_else_is_no_backup(tmp_path):
    path = tmp_path / "other.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("readme"), io.BytesIO())
    with pytest.raises(Refused, match="no backup made by"):
        read_head(path)


def test_a_format_of_the_future_is_refused(tmp_path):
    path = packed(tmp_path / "made.tar.gz", [], head={**HEAD_DATA, "format": 2, "milepost": "9.0"})
    with pytest.raises(Refused, match=r"Milepost 9\.0"):
        read_head(path)


def test_one_without_its_database_is_refused(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(Refused, match="no database"):
        unpack(packed(tmp_path / "made.tar.gz", []), target, quiet)


@pytest.mark.parametrize(
    "wrong",
    [
        {"made_at": None},
        {"database": {"vemdor": "sqlite"}},
        {"database": {"vendor": "oracle"}},
        {"migrations": ["people"]},
        {"bytes": "1"},
        {"format": "1"},
    ],
    ids=str,
)
def test_a_head_that_cannot_be_read_is_no_backup(tmp_path, wrong):
    path = packed(tmp_path / "made.tar.gz", [], head={**HEAD_DATA, **wrong})
    with pytest.raises(Refused, match="no backup made by"):
        read_head(path)


def test_a_second_head_that_is_no_file_is_damage(tmp_path):
    path = packed(tmp_path / "made.tar.gz", [(link(HEAD, "/etc/passwd"), b"")])
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(Refused, match="is no file"):
        unpack(path, target, quiet)


def test_a_head_without_end_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "LARGEST_HEAD", 100)
    with pytest.raises(Refused, match="no backup made by"):
        read_head(packed(tmp_path / "made.tar.gz", []))


def test_a_changed_head_is_damage(tmp_path, backup):
    other = tmp_path / "other.tar.gz"
    with tarfile.open(backup) as old, tarfile.open(other, "w:gz") as new:
        for member in old:
            body = old.extractfile(member).read()
            if member.name == HEAD:
                body = body.replace(b'"0.1.0"', b'"0.1.1"')
            new.addfile(member, io.BytesIO(body))
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(Refused, match="1 files differ"):
        unpack(other, target, quiet)
