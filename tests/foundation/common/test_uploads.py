"""Files are typed by their content, images written anew, and what would run is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from django.core.files.base import ContentFile
from PIL import Image, PngImagePlugin

from milepost.foundation.common import uploads
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.uploads import accept, clean_name


def drawn(kind: str, size: tuple[int, int] = (30, 20), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return out.getvalue()


def test_a_picture_is_written_anew_and_loses_what_it_told():
    exif = Image.Exif()
    exif[0x010E] = "the garden behind our house"
    exif[0x0112] = 6
    told = accept(ContentFile(drawn("JPEG", (30, 20), exif=exif) + b"<script>hidden</script>", name="garden.jpeg"))
    assert told.media_type == "image/jpeg"
    assert b"garden" not in told.content
    assert b"script" not in told.content
    with Image.open(io.BytesIO(told.content)) as image:
        assert image.size == (20, 30)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret")
    assert b"secret" not in accept(ContentFile(drawn("PNG", pnginfo=text), name="a.png")).content


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("GIF", ".gif"), ("WEBP", ".webp")])
def test_the_content_decides_not_the_name(kind, suffix):
    got = accept(ContentFile(drawn(kind), name="holiday.exe"))
    assert (got.name, got.suffix, got.is_image) == (f"holiday{suffix}", suffix, True)


def test_a_moving_picture_stays_moving():
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50)
    with Image.open(io.BytesIO(accept(ContentFile(out.getvalue(), name="a.gif")).content)) as image:
        assert getattr(image, "n_frames", 1) == 3


def test_a_wide_picture_becomes_smaller():
    with Image.open(io.BytesIO(accept(ContentFile(drawn("PNG", (5000, 100)), name="a.png")).content)) as image:
        assert image.size == (uploads.WIDEST, 82)


def test_a_picture_that_would_burst_is_refused_before_it_is_decoded():
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(DomainError, match="too many pixels"):
        accept(ContentFile(bomb, name="a.png"))


def test_a_damaged_picture_is_refused():
    with pytest.raises(DomainError, match="damaged"):
        accept(ContentFile(drawn("PNG", (300, 300))[:120], name="a.png"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("a.txt", b"  <html><body onload=alert(1)>"),
        ("a.txt", b"\xef\xbb\xbf<?xml version='1.0'?><x/>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.sh", b"#!/bin/sh\nrm -rf /"),
        ("a.pdf", b"MZ\x90\0\x03\0\0\0"),
        ("a.bin", b"\x7fELF\x02\x01\x01\0"),
        ("a.txt", b"caf\xe9"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"),
    ],
)
def test_what_could_run_or_is_unknown_is_refused(name, content):
    with pytest.raises(DomainError, match="of a kind that we do not keep"):
        accept(ContentFile(content, name=name))


@pytest.mark.parametrize(
    ("name", "content", "suffix"),
    [
        ("plan.pdf", b"%PDF-1.7\n...", ".pdf"),
        ("notes", "naïve words".encode(), ".txt"),
        ("people.csv", b"name,age\nLan,3", ".csv"),
        ("song.mp3", b"ID3\x04\0\0", ".mp3"),
        ("film.mov", b"\0\0\0\x18ftypmp42", ".mp4"),
        ("letter.docx", zipped(word__document_xml="<w/>"), ".docx"),
        ("things.zip", zipped(a_txt="a"), ".zip"),
        ("text.odt", zipped(mimetype="application/vnd.oasis.opendocument.text"), ".odt"),
    ],
)
def test_what_people_send_each_other_is_kept(name, content, suffix):
    got = accept(ContentFile(content, name=name))
    assert got.suffix == suffix
    assert got.content == content


def test_macros_damage_emptiness_and_size_are_refused(settings):
    for content, words in (
        (zipped(word__document_xml="<w/>", word__vbaProject_bin="x"), "macros"),
        (b"PK\x03\x04 torn", "damaged"),
        (b"", "empty"),
        (b"%PDF-" + b"x" * 200, "too large"),
    ):
        settings.UPLOAD_LIMIT = 100 if words == "too large" else 10_000
        with pytest.raises(DomainError, match=words):
            accept(ContentFile(content, name="a.docx"))
    with pytest.raises(DomainError, match="no picture"):
        accept(ContentFile(b"%PDF-1", name="a.pdf"), images_only=True)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\list.txt", "list.txt"),
        ("a\u202etxt.exe", "a_txt.exe"),
        ('a"b\r\nc.txt', "a_b_c.txt"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"),
    ],
)
def test_names_are_only_names(name, clean):
    assert clean_name(name) == clean
