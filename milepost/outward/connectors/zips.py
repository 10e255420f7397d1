"""The index of a zip file, and its members as streams.

The standard library's `zipfile` keeps some 600 bytes of objects for each entry; an export of 100,000 channels has
hundreds of thousands of entries and would fill the memory before the first message. Here an entry costs its name and
30 bytes. Format: PKWARE's APPNOTE 6.3.
"""

from __future__ import annotations

import bz2
import io
import lzma
import stat
import struct
import zlib
from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL = 0xFFFFFFFF
_CHUNK = 1 << 18

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14


class ZipDamaged(Exception):
    """The zip file, or one member of it, does not hold what it says."""


class _Inflater(Protocol):
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class ZipIndex:
    """Entries of a zip in the order of its directory. Parallel arrays; `i` is an entry's place in them."""

    __slots__ = (
        "_crcs",
        "_file",
        "_methods",
        "_offsets",
        "_shift",
        "encrypted",
        "names",
        "packed",
        "sizes",
        "symlinks",
    )

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.names: list[str] = []
        self.sizes = array("Q")  # bytes, unpacked
        self.packed = array("Q")
        self._offsets = array("Q")
        self._crcs = array("L")
        self._methods = array("H")
        self.encrypted: str = ""  # the first encrypted member
        self.symlinks: str = ""  # the first symbolic link
        self._shift = 0
        self._read_directory()

    def _read_directory(self) -> None:
        file = self._file
        end = file.seek(0, io.SEEK_END)
        tail_from = max(0, end - 65_557)
        file.seek(tail_from)
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise ZipDamaged
        _, _, _, _, count, size, offset, _ = _END.unpack_from(tail, at)
        end_at = tail_from + at
        if count == 0xFFFF or size == _FULL or offset == _FULL:
            locator = tail[at - _END64_LOCATOR.size : at]
            if len(locator) == _END64_LOCATOR.size and locator.startswith(b"PK\x06\x07"):
                file.seek(_END64_LOCATOR.unpack(locator)[2])
                record = file.read(_END64.size)
                if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
                    raise ZipDamaged
                *_, count, size, offset = _END64.unpack(record)
                end_at -= _END64_LOCATOR.size + _END64.size
        # Bytes in front of the archive move every offset by the same amount.
        self._shift = max(0, end_at - size - offset)
        file.seek(offset + self._shift)
        self._read_entries(file.read(size), count)

    def _read_entries(self, data: bytes, count: int) -> None:
        at = 0
        for _ in range(count):
            if at + _ENTRY.size > len(data):
                raise ZipDamaged
            fields = _ENTRY.unpack_from(data, at)
            if fields[0] != b"PK\x01\x02":
                raise ZipDamaged
            flags, method, crc, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
            name_length, extra_length, comment_length, attributes, offset = *fields[10:13], fields[15], fields[16]
            at += _ENTRY.size
            name = _name(data[at : at + name_length], flags)
            extra = data[at + name_length : at + name_length + extra_length]
            if _FULL in (packed, size, offset):
                size, packed, offset = _zip64(extra, size, packed, offset)
            at += name_length + extra_length + comment_length
            if flags & 0x1 and not self.encrypted:
                self.encrypted = name
            if stat.S_ISLNK(attributes >> 16) and not self.symlinks:
                self.symlinks = name
            self.names.append(name)
            self.sizes.append(size)
            self.packed.append(packed)
            self._offsets.append(offset)
            self._crcs.append(crc)
            self._methods.append(method)

    def unreadable(self) -> str:
        """The first member that is packed in a way that cannot be read here, or ""."""
        known = {STORED, DEFLATED, BZIP2, LZMA}
        return next((name for name, method in zip(self.names, self._methods, strict=True) if method not in known), "")

    def chunks(self, i: int) -> Iterator[bytes]:
        """A member's unpacked bytes. Raises ZipDamaged after the last good chunk."""
        file, left = self._file, self.packed[i]
        position = self._data_start(i)
        inflater, crc, produced = _inflater(self._methods[i]), 0, 0
        size = self.sizes[i]
        while left:
            file.seek(position)
            raw = file.read(min(_CHUNK, left))
            if not raw:
                raise ZipDamaged
            position += len(raw)
            left -= len(raw)
            for chunk in _unpack(inflater, raw):
                produced += len(chunk)
                if produced > size:  # the directory lied about the size
                    raise ZipDamaged
                crc = zlib.crc32(chunk, crc)
                yield chunk
        if produced != size or crc != self._crcs[i]:
            raise ZipDamaged

    def read(self, i: int) -> bytes:
        """A small member in one go."""
        if self._methods[i] != DEFLATED:
            return b"".join(self.chunks(i))
        self._file.seek(self._data_start(i))
        raw = self._file.read(self.packed[i])
        inflater = zlib.decompressobj(-15)
        try:
            data = inflater.decompress(raw, self.sizes[i] + 1)
        except zlib.error as error:
            raise ZipDamaged from error
        if len(data) != self.sizes[i] or zlib.crc32(data) != self._crcs[i]:
            raise ZipDamaged
        return data

    def _data_start(self, i: int) -> int:
        start = self._offsets[i] + self._shift
        self._file.seek(start)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise ZipDamaged
        fields = _LOCAL.unpack(header)
        return int(start + _LOCAL.size + fields[9] + fields[10])


def _name(raw: bytes, flags: int) -> str:
    if flags & 0x800:
        return raw.decode("utf-8", "replace")
    # Without the flag the format says code page 437, but most packers on Linux and macOS write UTF-8 all the same.
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _zip64(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            values = iter(struct.unpack_from(f"<{length // 8}Q", extra, at + 4))
            try:
                size = next(values) if size == _FULL else size
                packed = next(values) if packed == _FULL else packed
                offset = next(values) if offset == _FULL else offset
            except StopIteration as error:
                raise ZipDamaged from error
            return size, packed, offset
        at += 4 + length
    return size, packed, offset


def _inflater(method: int) -> _Inflater | None:
    if method == DEFLATED:
        return zlib.decompressobj(-15)
    if method == BZIP2:
        return bz2.BZ2Decompressor()
    if method == LZMA:
        return _ZipLzma()
    return None


class _ZipLzma:
    """LZMA with the zip's own 4-byte header before the filter's properties."""

    def __init__(self) -> None:
        self._head = b""
        self._inner: Any = None

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        if self._inner is None:
            self._head += data
            if len(self._head) < 9:
                return b""
            properties = self._head[4:9]
            byte, dictionary = properties[0], struct.unpack("<L", properties[1:])[0]
            byte, lc = divmod(byte, 9)
            pb, lp = divmod(byte, 5)
            filters = [{"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}]
            self._inner = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
            data, self._head = self._head[9:], b""
        return bytes(self._inner.decompress(data))


def _unpack(inflater: _Inflater | None, raw: bytes) -> Iterator[bytes]:
    """`raw` unpacked, in pieces of bounded size: a bomb must not get to blow up one chunk."""
    if inflater is None:
        yield raw
        return
    try:
        if isinstance(inflater, bz2.BZ2Decompressor | _ZipLzma):
            yield inflater.decompress(raw)
            return
        rest = raw
        while rest:
            chunk = inflater.decompress(rest, 1 << 20)
            rest = getattr(inflater, "unconsumed_tail", b"")
            if chunk:
                yield chunk
            elif not rest:
                return
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise ZipDamaged from error
