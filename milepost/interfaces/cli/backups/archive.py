"""The file of a backup: `milepost-backup.json` first (what it is), the content, `checksums.json` last (that it is whole)."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import tarfile
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any

from ..terminal import Progress, Refused

FORMAT = 1
HEAD, SUMS = "milepost-backup.json", "checksums.json"
FOLDERS = ("uploads", "secrets")
"""Folders of MILEPOST_HOME that a backup may hold. The rest of it can be made again."""
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
CHUNK = 1 << 20
LARGEST_HEAD = 1 << 20
"""Bytes. It names the migrations, some ten thousand bytes; what is larger is none of ours, and would be read into memory."""
LEVEL = 5
"""Of compression: uploads are mostly pictures, which do not shrink, and a database shrinks well at any level."""


class Summed:
    """A file that is read, and summed up while it is."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(size)
        self.sum.update(piece)
        return piece


class Writer:
    """Streams an archive into `out`, which need not be seekable."""

    def __init__(self, out: IO[bytes], head: dict[str, Any]) -> None:
        self.tar = tarfile.open(  # noqa: SIM115 (closed where this is)
            fileobj=out, mode="w|gz", compresslevel=LEVEL, dereference=True
        )
        self.sums: dict[str, dict[str, Any]] = {}
        self._add_text(HEAD, {"format": FORMAT, **head})

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._add_text(SUMS, self.sums)
            self.tar.close()

    def add(self, name: str, path: Path) -> bool:
        """Store a file under `name`. False where it has gone meanwhile, or is no plain file."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        with file:
            info = self.tar.gettarinfo(arcname=name, fileobj=file)
            if not info.isreg():
                return False
            info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
            summed = Summed(file)
            # As many bytes as it had when it was opened, whatever is appended meanwhile.
            self.tar.addfile(info, summed)
            self.sums[name] = {"sha256": summed.sum.hexdigest(), "size": info.size}
        return True

    def _add_text(self, name: str, data: dict[str, Any]) -> None:
        text = json.dumps(data, indent=1, ensure_ascii=False).encode()
        self.sums[name] = {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(text), 0o600, int(time.time())
        self.tar.addfile(info, io.BytesIO(text))


@dataclass
class Unpacked:
    head: dict[str, Any]
    folder: Path
    database: Path
    files: list[str] = field(default_factory=list)


def read_head(path: Path) -> dict[str, Any]:
    """What the backup says of itself. Raises Refused for anything that is no backup of ours."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            first = tar.next()
            ours = first is not None and first.name == HEAD and first.isreg() and first.size <= LARGEST_HEAD
            head = _json(tar, first) if first is not None and ours else None
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        head = None
    if isinstance(head, dict) and isinstance(head.get("format"), int) and head["format"] > FORMAT:
        raise Refused(f"{path} was made by Milepost {head.get('milepost')}.", "Install that version or a newer one.")
    if not _is_ours(head):
        raise Refused(f"{path} is no backup made by `milepost backup`.", "Give the file that `milepost backup` wrote.")
    assert isinstance(head, dict)
    return head


def _is_ours(head: Any) -> bool:
    """Whether it has what restoring reads, each of its kind. Its checksum is known only at the archive's end."""
    return (
        isinstance(head, dict)
        and head.get("format") == FORMAT
        and all(isinstance(head.get(key), str) for key in ("milepost", "made_at"))
        and isinstance(head.get("bytes"), int)
        and isinstance(head.get("database"), dict)
        and head["database"].get("vendor") in DATABASES
        and isinstance(head.get("migrations"), list)
        and all(isinstance(node, list) and len(node) == 2 for node in head["migrations"])
    )


def unpack(path: Path, folder: Path, progress: Progress) -> Unpacked:
    """Unpack into the empty `folder`, and compare every checksum. Raises Refused for what is not whole or not ours."""
    head = read_head(path)
    found: dict[str, dict[str, Any]] = {}
    sums: dict[str, dict[str, Any]] | None = None
    done = 0
    try:
        with tarfile.open(path, "r|gz") as tar:
            for member in tar:
                if member.name == SUMS:
                    sums = _json(tar, member)
                elif member.name == HEAD:
                    found[HEAD] = _sum(tar, member, path)
                else:
                    found[member.name] = _write(tar, member, _place(folder, member, path))
                    done += member.size
                    progress(done, head.get("bytes"))
    except (tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise _broken(path, f"it breaks off or was changed ({error})") from error
    if not isinstance(sums, dict):
        raise _broken(path, "its end is missing")
    if wrong := sorted(name for name in sums.keys() | found.keys() if sums.get(name) != found.get(name)):
        raise _broken(path, f"{len(wrong)} files differ from what was written, the first is {wrong[0]}")
    database = folder / DATABASES[head["database"]["vendor"]]
    if database.name not in found:
        raise _broken(path, "it holds no database")
    return Unpacked(head, folder, database, sorted(found.keys() - {HEAD}))


def _broken(path: Path, why: str) -> Refused:
    return Refused(f"{path} is damaged: {why}.", "Nothing was changed. Take another copy of it, or another backup.")


def _json(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    file = tar.extractfile(member)
    return json.load(file) if file is not None else None


def _sum(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> dict[str, Any]:
    source = tar.extractfile(member) if member.isreg() else None
    if source is None:
        raise _broken(path, f"its “{member.name}” is no file")
    summed = Summed(source)
    while summed.read(CHUNK):
        pass
    return {"sha256": summed.sum.hexdigest(), "size": member.size}


def _place(folder: Path, member: tarfile.TarInfo, path: Path) -> Path:
    """Where a member goes; a name that climbs out, a link or a device is no part of a backup."""
    parts = PurePosixPath(member.name).parts
    ours = member.name in DATABASES.values() or (len(parts) > 1 and parts[0] in FOLDERS)
    if not member.isreg() or not ours or ".." in parts or member.name.startswith("/"):
        raise _broken(path, f"it holds “{member.name}”, which is no part of a backup")
    return folder.joinpath(*parts)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> dict[str, Any]:
    source = tar.extractfile(member)
    assert source is not None
    summed = Summed(source)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("xb") as file:
        while piece := summed.read(CHUNK):
            file.write(piece)
    target.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return {"sha256": summed.sum.hexdigest(), "size": member.size}
