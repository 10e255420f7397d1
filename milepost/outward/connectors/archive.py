"""A folder, a zip or a single file, opened safely and read without unpacking it to disk."""

from __future__ import annotations

import io
import os
import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from django.utils.translation import gettext as _

from milepost.outward.connectors.records import ConnectorError
from milepost.outward.connectors.zips import ZipDamaged, ZipIndex

#: A zip is refused as a bomb above this size when it also unpacks to more than MAX_RATIO times its own size. Chat
#: exports reach 30 to 60; a single message of one repeated letter 1,000, but that is small.
BOMB_SIZE = 1 << 30
MAX_RATIO = 200
#: And in any case above this many bytes unpacked.
MAX_TOTAL = 1 << 38
#: A member up to this size is read at once, a larger one as a stream.
SMALL = 8 << 20
_CHUNK = 1 << 18
_DIGITS = re.compile(r"([0-9]+)")
_IGNORED = ("__MACOSX/", ".git/")


class Damaged(Exception):
    """The member cannot be read to its end; what was read is good."""


class Archive(ABC):
    """Members have slash-separated names relative to the archive, sorted by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: list[str] = []

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes, unpacked."""

    @abstractmethod
    def chunks(self, name: str) -> Iterator[bytes]:
        """The member's bytes; raises Damaged where they end too early."""

    def read(self, name: str) -> bytes:
        return b"".join(self.chunks(name))

    def head(self, name: str, length: int = 65_536) -> bytes:
        """The first bytes, for looking what the member is."""
        out = b""
        try:
            for chunk in self.chunks(name):
                out += chunk
                if len(out) >= length:
                    break
        except Damaged:
            pass
        return out[:length]

    def close(self) -> None:
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def under(self, folder: str) -> list[str]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        return [name for name in self.names if name.startswith(prefix)]


class FolderArchive(Archive):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        for folder, subfolders, files in os.walk(path, followlinks=False):
            subfolders.sort()
            for name in sorted(files) + subfolders:
                full = Path(folder, name)
                if full.is_symlink():
                    raise ConnectorError(
                        _("“%(name)s” is a symbolic link.") % {"name": full.relative_to(path)},
                        _("Put the file itself into the folder; links are not followed."),
                    )
            for name in files:
                relative = Path(folder, name).relative_to(path).as_posix()
                if not _is_clutter(relative):
                    self.names.append(relative)
        self.names.sort()

    def size(self, name: str) -> int:
        return (self.path / name).stat().st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        yield from _file_chunks(self.path / name)

    def read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise Damaged(str(error)) from error


class FileArchive(Archive):
    """One file as an archive with one member."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.names = [path.name]

    def size(self, name: str) -> int:
        return self.path.stat().st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        yield from _file_chunks(self.path)


class ZipArchive(Archive):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file: BinaryIO = path.open("rb")
        try:
            self._index = ZipIndex(self._file)
        except (ZipDamaged, ValueError, OverflowError, MemoryError) as error:
            self._file.close()
            raise ConnectorError(
                _("“%(name)s” is not a complete zip file.") % {"name": path.name},
                _("It may have broken off while it was copied. Download it again and compare the sizes."),
            ) from error
        try:
            _check(self._index, path)
        except ConnectorError:
            self._file.close()
            raise
        index = self._index
        keep = [i for i, name in enumerate(index.names) if not name.endswith("/") and not _is_clutter(name)]
        keep.sort(key=index.names.__getitem__)
        self.names = [index.names[i] for i in keep]
        self._place = dict(zip(self.names, keep, strict=True))

    def size(self, name: str) -> int:
        return self._index.sizes[self._place[name]]

    def chunks(self, name: str) -> Iterator[bytes]:
        try:
            yield from self._index.chunks(self._place[name])
        except (ZipDamaged, OSError) as error:
            raise Damaged(name) from error

    def read(self, name: str) -> bytes:
        try:
            return self._index.read(self._place[name])
        except (ZipDamaged, OSError) as error:
            raise Damaged(name) from error

    def close(self) -> None:
        self._file.close()

    def __contains__(self, name: object) -> bool:
        return name in self._place


def open_archive(path: str | Path) -> Archive:
    """The archive at `path`, or a ConnectorError that says why it is refused."""
    place = Path(path)
    try:
        if place.is_dir():
            return FolderArchive(place)
        with place.open("rb") as file:
            magic = file.read(6)
    except OSError as error:
        raise ConnectorError(
            _("“%(name)s” cannot be opened: %(why)s.") % {"name": place.name, "why": error.strerror or str(error)},
            _("Check the path and whether you may read it."),
        ) from error
    if not magic:
        raise ConnectorError(
            _("“%(name)s” is empty.") % {"name": place.name}, _("Download the export again; it holds no data.")
        )
    if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")) or place.suffix.lower() == ".zip":
        return ZipArchive(place)
    if magic.startswith((b"Rar!", b"7z\xbc\xaf\x27\x1c")):
        raise ConnectorError(
            _("“%(name)s” is packed in a format that cannot be read here.") % {"name": place.name},
            _("Unpack it and give the folder, or pack it as a zip."),
        )
    return FileArchive(place)


def natural(name: str) -> list[tuple[int, str]]:
    """Sorting key: “part 2” before “part 10”."""
    pieces = _DIGITS.split(name)
    return [(len(piece.lstrip("0")), piece.lstrip("0")) if at % 2 else (0, piece) for at, piece in enumerate(pieces)]


def _is_clutter(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return last.startswith("._") or last in {".DS_Store", "Thumbs.db", "desktop.ini"} or name.startswith(_IGNORED)


def _check(index: ZipIndex, path: Path) -> None:
    for name in index.names:
        if "\\" in name or "\x00" in name or name.startswith("/") or name[1:2] == ":" or ".." in name:
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if ".." in parts or "\\" in name or "\x00" in name or name.startswith("/") or name[1:2] == ":":
                raise ConnectorError(
                    _("The zip file holds a path that leads out of it: “%(name)s”.") % {"name": name[:200]},
                    _("No export of these systems does that, so nothing was read. Ask whoever gave you the file."),
                )
    if index.symlinks:
        raise ConnectorError(
            _("The zip file holds a symbolic link: “%(name)s”.") % {"name": index.symlinks[:200]},
            _("Pack it again with the files themselves."),
        )
    if index.encrypted:
        raise ConnectorError(
            _("The zip file is locked with a password."), _("Unpack it and pack it again without a password.")
        )
    if odd := index.unreadable():
        raise ConnectorError(
            _("“%(name)s” is packed in a way that cannot be read here.") % {"name": odd[:200]},
            _("Unpack the zip file and give the folder, or pack it again in the ordinary way (deflate)."),
        )
    total, size = sum(index.sizes), path.stat().st_size
    too_dense = total > BOMB_SIZE and total > MAX_RATIO * max(size, 1)
    if too_dense or total > MAX_TOTAL or sum(index.packed) > size:
        raise ConnectorError(
            _("The zip file would unpack to %(total)s MB from %(size)s MB; that looks like an attack.")
            % {"total": total >> 20, "size": max(1, size >> 20)},
            _("If it is a real export, unpack it yourself and give the folder."),
        )


def _file_chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise Damaged(str(error)) from error


def unzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Chunks of a gzip file (also several one after another) unpacked; Damaged where it breaks off."""
    inflater = zlib.decompressobj(31)
    started = False
    for raw in chunks:
        rest = raw
        while rest:
            started = True
            try:
                chunk = inflater.decompress(rest, 1 << 20)
            except zlib.error as error:
                raise Damaged(str(error)) from error
            if chunk:
                yield chunk
            if inflater.eof:
                # Another member may follow; zeros are padding.
                rest = inflater.unused_data.lstrip(b"\x00")
                inflater = zlib.decompressobj(31)
                started = False
            else:
                rest = inflater.unconsumed_tail
                if not chunk and not rest:
                    break
    if started:
        raise Damaged("gzip")


class ChunkStream(io.RawIOBase):
    """Chunks as a readable file, for readers that want one."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def is_gzip(head: bytes) -> bool:
    return head.startswith(b"\x1f\x8b")


__all__ = ["Archive", "ChunkStream", "Damaged", "is_gzip", "natural", "open_archive", "unzipped"]
