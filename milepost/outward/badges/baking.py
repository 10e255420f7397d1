"""Putting a signed credential into a picture, and finding it in one, as Open Badges 3.0 says ("baking").

PNG: an uncompressed iTXt chunk with the keyword `openbadgecredential`. SVG: an element `openbadges:credential` whose attribute
`verify` holds a compact JWS, or whose text is a credential as JSON.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from django.utils.translation import gettext as _

from milepost.foundation.common.errors import DomainError

KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LONGEST = 512 * 1024
"""Bytes of a credential in a picture; what swells to more is refused before it is read."""
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_TAG = re.compile(r"<(?:[\w.-]+:)?credential\b([^>]*)>", re.DOTALL)
_VERIFY = re.compile(r"""\bverify\s*=\s*(["'])([A-Za-z0-9_.-]+)\1""")
_CDATA = re.compile(r"<(?:[\w.-]+:)?credential\b[^>]*>\s*<!\[CDATA\[(.*?)\]\]>", re.DOTALL)


def into_png(picture: bytes, token: str) -> bytes:
    """The picture with the token in it, right behind its head."""
    if not picture.startswith(SIGNATURE):
        raise ValueError("that is no PNG")
    head = len(SIGNATURE) + 25  # IHDR is 13 bytes, with its length, name and sum
    body = KEYWORD + b"\0\0\0\0\0" + token.encode()
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    return picture[:head] + chunk + picture[head:]


def into_svg(picture: str, token: str) -> str:
    root = _ROOT.search(picture)
    if root is None:
        raise ValueError("that is no SVG")
    opened = root[0][:-1] + f' xmlns:openbadges="{NAMESPACE}">'
    inside = f"<openbadges:credential verify={quoteattr(token)}/>"
    return picture[: root.start()] + opened + inside + picture[root.end() :]


def out_of(content: bytes) -> str | None:
    """The credential in a PNG or SVG: a compact JWS, or JSON. None where there is none, DomainError for a broken picture."""
    if content.startswith(SIGNATURE):
        return _out_of_png(content)
    text = content.decode("utf-8", "replace")
    # A search for one attribute, not a parser: nothing in a stranger's XML is ever expanded.
    if "<svg" not in text:
        return None
    if found := _CDATA.search(text):
        return found[1].strip()
    for tag in _TAG.finditer(text):
        if token := _VERIFY.search(tag[1]):
            return token[2]
    return None


def _out_of_png(content: bytes) -> str | None:
    for name, body in _chunks(content):
        if name == b"iTXt" and body.startswith(KEYWORD + b"\0"):
            rest = body[len(KEYWORD) + 1 :]
            packed, rest = rest[:1] == b"\1", rest[2:]
            _language, _mark, rest = rest.partition(b"\0")
            _translated, _mark, text = rest.partition(b"\0")
            return (_unpacked(text) if packed else text).decode("utf-8", "replace").strip()
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 8 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        name, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        if len(body) != length:
            raise DomainError(_("This picture breaks off."), _("Download it again."))
        yield name, body
        at += 12 + length


def _unpacked(text: bytes) -> bytes:
    inflating = zlib.decompressobj()
    try:
        found = inflating.decompress(text, LONGEST)
    except zlib.error as error:
        raise DomainError(_("The badge in this picture is damaged."), _("Download it again.")) from error
    if inflating.unconsumed_tail:
        raise DomainError(_("The badge in this picture is larger than any badge."))
    return found
