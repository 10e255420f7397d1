"""Folders, zips and files are opened safely; what is refused says what to do."""

from __future__ import annotations

import gzip
import stat
import zipfile

import pytest

from milepost.outward.connectors import archive as archives
from milepost.outward.connectors.archive import Archive, Damaged, natural, unzipped
from milepost.outward.connectors.records import ConnectorError
from tests.outward.connectors.building import write_folder, write_zip

_opened: list[Archive] = []


def open_archive(path) -> Archive:
    _opened.append(archives.open_archive(path))
    return _opened[-1]


@pytest.fixture(autouse=True)
def _closing():
    yield
    while _opened:
        _opened.pop().close()


def refused(path) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        open_archive(path)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_of_a_zip_are_read_whole_and_in_chunks(tmp_path, method):
    content = b"".join(b"%d " % number for number in range(200_000))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as made:
        made.writestr("b/two.json", content)
        made.writestr("a.json", b"[]")
        made.mkdir("empty")
    archive = open_archive(tmp_path / "a.zip")
    assert archive.names == ["a.json", "b/two.json"]
    assert archive.read("b/two.json") == content
    assert b"".join(archive.chunks("b/two.json")) == content
    assert archive.size("b/two.json") == len(content)
    assert archive.head("b/two.json", 5) == content[:5]


def test_a_zip_with_large_offsets_and_bytes_in_front_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made, made.open("x.json", "w", force_zip64=True) as member:
        member.write(b"[1]")
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "b.zip").write_bytes(b"#!/bin/sh\n" + data)
    assert open_archive(tmp_path / "b.zip").read("x.json") == b"[1]"


def test_names_that_are_utf8_without_saying_so(tmp_path):
    write_zip(tmp_path / "a.zip", {"gXXnXX/2020-01-01.json": "[]"})
    raw = (tmp_path / "a.zip").read_bytes().replace(b"gXXnXX", b"g\xc3\xa9n\xc3\xa9")
    (tmp_path / "b.zip").write_bytes(raw)
    assert open_archive(tmp_path / "b.zip").names == ["géné/2020-01-01.json"]


@pytest.mark.parametrize(
    "name", ["../out.json", "a/../../out.json", "/etc/passwd", "C:/x.json", "..\\out.json", "a/..\\b"]
)
def test_a_path_that_climbs_out_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(zipfile.ZipInfo("x" * len(name)), "[]")
    data = (tmp_path / "a.zip").read_bytes().replace(b"x" * len(name), name.encode())
    (tmp_path / "a.zip").write_bytes(data)
    assert "leads out" in refused(tmp_path / "a.zip").message


def test_two_dots_within_a_name_are_fine(tmp_path):
    write_zip(tmp_path / "a.zip", {"wait..what/2020-01-01.json": "[]"})
    assert open_archive(tmp_path / "a.zip").names == ["wait..what/2020-01-01.json"]


def test_a_truncated_zip_is_refused(tmp_path):
    write_zip(tmp_path / "a.zip", {"x.json": "[1, 2, 3]" * 1000})
    data = (tmp_path / "a.zip").read_bytes()
    for keep in (4, len(data) // 2, len(data) - 10):
        (tmp_path / "b.zip").write_bytes(data[:keep])
        assert "complete" in refused(tmp_path / "b.zip").message


def test_a_member_damaged_inside_gives_what_is_good(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("x.json", b"0123456789" * 100_000)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[500_000] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(data)
    archive = open_archive(tmp_path / "a.zip")
    with pytest.raises(Damaged):
        archive.read("x.json")
    read: list[bytes] = []
    with pytest.raises(Damaged):
        read.extend(archive.chunks("x.json"))
    assert sum(map(len, read)) == 1_000_000


def test_a_locked_zip_is_refused(tmp_path):
    write_zip(tmp_path / "a.zip", {"x.json": "[]"})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert "password" in refused(tmp_path / "a.zip").message


def test_an_unknown_packing_is_refused(tmp_path):
    write_zip(tmp_path / "a.zip", {"x.json": "[]"})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.index(b"PK\x01\x02") + 10] = 9  # deflate64
    (tmp_path / "a.zip").write_bytes(data)
    assert "packed in a way" in refused(tmp_path / "a.zip").message


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("general/2020-01-01.json")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    assert "symbolic link" in refused(tmp_path / "a.zip").message


def test_a_symbolic_link_in_a_folder_is_refused(tmp_path):
    write_folder(tmp_path / "x", {"users.json": []})
    (tmp_path / "x" / "channels.json").symlink_to("/etc/hostname")
    assert "symbolic link" in refused(tmp_path / "x").message


def test_a_bomb_is_refused_and_a_dense_small_zip_is_not(tmp_path, monkeypatch):
    write_zip(tmp_path / "a.zip", {"x.json": b" " * 20_000_000})
    assert open_archive(tmp_path / "a.zip").size("x.json") == 20_000_000
    monkeypatch.setattr(archives, "BOMB_SIZE", 10_000_000)
    assert "attack" in refused(tmp_path / "a.zip").message


def test_entries_that_lie_over_each_other_are_refused(tmp_path):
    """A bomb that points many directory entries at the same bytes: together they claim more than the file has."""
    write_zip(tmp_path / "a.zip", {"x.json": b"x" * 1000})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 20 : at + 24] = (1 << 20).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(data)
    assert "attack" in refused(tmp_path / "a.zip").message


def test_a_member_longer_than_it_claims_is_damaged(tmp_path):
    write_zip(tmp_path / "a.zip", {"x.json": b" " * 5_000_000})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(data)
    archive = open_archive(tmp_path / "a.zip")
    with pytest.raises(Damaged):
        archive.read("x.json")
    with pytest.raises(Damaged):
        list(archive.chunks("x.json"))


def test_empty_absent_and_other_packings_are_refused(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert "empty" in refused(tmp_path / "empty").message
    assert "cannot be opened" in refused(tmp_path / "absent.zip").message
    (tmp_path / "x.7z").write_bytes(b"7z\xbc\xaf\x27\x1c rest")
    assert "cannot be read" in refused(tmp_path / "x.7z").message
    (tmp_path / "no.zip").write_bytes(b"this is no zip at all")
    assert "zip" in refused(tmp_path / "no.zip").message


def test_clutter_of_desktops_is_passed_over(tmp_path):
    write_zip(tmp_path / "a.zip", {"__MACOSX/x.json": "", ".DS_Store": "", "a/._x.json": "", "a/x.json": "[]"})
    assert open_archive(tmp_path / "a.zip").names == ["a/x.json"]


def test_gzip_in_several_members_and_broken_off():
    data = gzip.compress(b"one\n") + gzip.compress(b"two\n") + b"\x00" * 100
    assert b"".join(unzipped(iter((data[:7], data[7:])))) == b"one\ntwo\n"
    broken = gzip.compress(bytes(range(256)) * 5000)[:-20]
    with pytest.raises(Damaged):
        list(unzipped(iter((broken,))))


def test_natural_order():
    names = ["x [part 10].json", "x [part 2].json", "x.json", "a1b", "a01c"]
    assert sorted(names, key=natural) == ["a1b", "a01c", "x [part 2].json", "x [part 10].json", "x.json"]
