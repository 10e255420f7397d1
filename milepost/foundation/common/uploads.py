"""Files that people send: typed by what is in them, never by what they are called.

Images are decoded and written anew, which drops whatever else the file held (places, scripts, a second file behind the
picture). What a browser would run (HTML, SVG, scripts) and what a desktop would run (programs, macros) is refused.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from .errors import DomainError

PIXELS = 50_000_000
"""Of all frames of one image together; what is beyond takes more memory than a web process should have."""
WIDEST = 4096
"""Pixels of an image's longer side after it was written anew."""

_IMAGES = {"JPEG": (".jpg", "image/jpeg"), "PNG": (".png", "image/png"), "GIF": (".gif", "image/gif")}
_IMAGES |= {"WEBP": (".webp", "image/webp")}
_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF-", ".pdf", "application/pdf"),
    (0, b"OggS", ".ogg", "audio/ogg"),
    (0, b"fLaC", ".flac", "audio/flac"),
    (0, b"ID3", ".mp3", "audio/mpeg"),
    (0, b"\xff\xfb", ".mp3", "audio/mpeg"),
    (8, b"WAVE", ".wav", "audio/wav"),
    (4, b"ftypM4A", ".m4a", "audio/mp4"),
    (4, b"ftyp", ".mp4", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", ".webm", "video/webm"),
)
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIPPED: tuple[tuple[str, str, str], ...] = (
    ("word/document.xml", ".docx", f"{_OFFICE}.wordprocessingml.document"),
    ("xl/workbook.xml", ".xlsx", f"{_OFFICE}.spreadsheetml.sheet"),
    ("ppt/presentation.xml", ".pptx", f"{_OFFICE}.presentationml.presentation"),
)
_TEXTS = {".csv": "text/csv", ".md": "text/markdown", ".json": "application/json", ".ics": "text/calendar"}
_ACTIVE = re.compile(rb"^\s*(?:<[!?a-z]|#!)", re.IGNORECASE)
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file as it may be kept. `suffix` and `media_type` follow from the content."""

    name: str
    media_type: str
    suffix: str
    content: bytes

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")


def accept(file: File, *, limit: int | None = None, images_only: bool = False) -> Accepted:
    """The file as it may be kept, or a DomainError that says what is wrong. `limit` in bytes, UPLOAD_LIMIT by default."""
    limit = limit or settings.UPLOAD_LIMIT
    name = clean_name(file.name or "")
    if (file.size or 0) > limit:
        raise DomainError(
            _("“%(name)s” is too large: %(size)s.") % {"name": name, "size": filesizeformat(file.size)},
            _("%(limit)s are the most.") % {"limit": filesizeformat(limit)},
        )
    file.seek(0)
    content = file.read(limit + 1)
    if not content:
        raise DomainError(_("“%(name)s” is empty.") % {"name": name}, _("Choose the file again."))
    image = _image(name, content)
    if image:
        return image
    if images_only:
        raise DomainError(
            _("“%(name)s” is no picture that we can read.") % {"name": name}, _("Send a JPEG, PNG, GIF or WebP.")
        )
    suffix, media_type = _kind(name, content)
    return Accepted(_named(name, suffix), media_type, suffix, content)


def clean_name(name: str) -> str:
    """A file's name as it may be shown and sent: no folders, no control or turning characters, at most 120 characters."""
    last = re.split(r"[/\\]", name)[-1]
    path = PurePosixPath(_BAD_NAME.sub("_", last).strip(" .") or "file")
    return path.stem[: 120 - len(path.suffix[:12])] + path.suffix[:12]


def _named(name: str, suffix: str) -> str:
    """The name with the ending that its content has."""
    if name.lower().endswith(suffix) or (suffix == ".jpg" and name.lower().endswith(".jpeg")):
        return name
    return f"{PurePosixPath(name).stem}{suffix}"


def _image(name: str, content: bytes) -> Accepted | None:
    """The picture written anew; None where it is none. DomainError for one that would burst."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images; the limit here is lower and refuses.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(_IMAGES)) as image:
                kind = str(image.format)
                frames = int(getattr(image, "n_frames", 1))
                if image.width * image.height * frames > PIXELS:
                    raise _too_many(name)
                out = io.BytesIO()
                _rewrite(image, kind, frames, out)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise _too_many(name) from error
        return None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DomainError(
            _("“%(name)s” is a damaged picture.") % {"name": name}, _("Open it, save it anew, and send that.")
        ) from error
    suffix, media_type = _IMAGES[kind]
    return Accepted(_named(name, suffix), media_type, suffix, out.getvalue())


def _too_many(name: str) -> DomainError:
    return DomainError(
        _("“%(name)s” has too many pixels.") % {"name": name},
        _("%(most)s million are the most. Make it smaller and send it again.") % {"most": PIXELS // 1_000_000},
    )


def _rewrite(image: Image.Image, kind: str, frames: int, out: io.BytesIO) -> None:
    if frames > 1 and kind in {"GIF", "WEBP"}:
        moving = [frame.convert("RGBA") for frame in ImageSequence.Iterator(image)]
        options: dict[str, Any] = {"save_all": True, "append_images": moving[1:], "loop": 0}
        options["duration"] = image.info.get("duration", 100)
        moving[0].save(out, kind, **options)
        return
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((WIDEST, WIDEST))
    if kind == "JPEG":
        upright.convert("RGB").save(out, kind, quality=85, optimize=True)
    else:
        wanted = upright if upright.mode in {"RGB", "RGBA", "L", "LA", "P", "1"} else upright.convert("RGBA")
        wanted.info = {k: v for k, v in wanted.info.items() if k == "transparency"}
        wanted.save(out, kind)


def _kind(name: str, content: bytes) -> tuple[str, str]:
    """Ending and type of what is no picture, from its first bytes; DomainError for what is not accepted."""
    for offset, mark, suffix, media_type in _MAGIC:
        if content[offset : offset + len(mark)] == mark:
            return suffix, media_type
    if content[:4] == b"PK\x03\x04":
        return _zipped(name, content)
    if _is_text(content):
        if _ACTIVE.match(content.removeprefix(b"\xef\xbb\xbf")):
            raise _refused(name)
        suffix = PurePosixPath(name).suffix.lower()
        return (suffix, _TEXTS[suffix]) if suffix in _TEXTS else (".txt", "text/plain")
    raise _refused(name)


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _zipped(name: str, content: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            opened = archive.read("mimetype")[:100].decode("ascii", "replace") if _has_mimetype(archive) else ""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise DomainError(
            _("“%(name)s” is a damaged file.") % {"name": name}, _("Save it anew, and send that.")
        ) from error
    if any(n.lower().endswith("vbaproject.bin") for n in names):
        raise DomainError(_("“%(name)s” holds macros.") % {"name": name}, _("Save it without them, and send that."))
    for inside, suffix, media_type in _ZIPPED:
        if inside in names:
            return suffix, media_type
    prefix = "application/vnd.oasis.opendocument."
    endings = {"text": ".odt", "spreadsheet": ".ods", "presentation": ".odp"}
    if opened.startswith(prefix) and opened.removeprefix(prefix).strip() in endings:
        return endings[opened.removeprefix(prefix).strip()], opened.strip()
    return ".zip", "application/zip"


def _has_mimetype(archive: zipfile.ZipFile) -> bool:
    """OpenDocument says its type in an uncompressed first entry; one that is large is none of theirs."""
    try:
        return archive.getinfo("mimetype").file_size < 200
    except KeyError:
        return False


def _refused(name: str) -> DomainError:
    return DomainError(
        _("“%(name)s” is of a kind that we do not keep.") % {"name": name},
        _("Pictures, PDF, office documents, text, sound, video and zip files are fine."),
    )
