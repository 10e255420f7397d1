"""One style sheet and one script, joined from their files.

The sources stay small, one file a component. A static files finder joins them, so that `collectstatic` and the development
server see `web/milepost.css` and `web/milepost.js` as if they were ordinary files: no build step and no Node.

Settings: `STATICFILES_FINDERS` names `milepost.interfaces.web.sheet.SheetFinder` beside Django's own two.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

SOURCES = Path(__file__).parent / "static" / "web"
LAYERS = ("reset", "tokens", "base", "layout", "components", "areas", "utilities")


def joined_css() -> str:
    """Every sheet in the order of the layers; a layer is one file or a folder of files, and each goes into its layer."""
    parts = [f"@layer {', '.join(LAYERS)};"]
    for layer in LAYERS:
        body = "".join(shortened(path.read_text("utf-8")) for path in _files(layer))
        parts.append(f"@layer {layer}{{{body}}}")
    return "\n".join(parts) + "\n"


def joined_js() -> str:
    """Every module, each in a block of its own so that their names do not meet."""
    return "".join(f"{{{path.read_text('utf-8')}}}\n" for path in sorted((SOURCES / "js").glob("*.js")))


def shortened(css: str) -> str:
    """Without comments and needless white space. Text in quotes stays as it is."""
    pieces = re.split(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    for i in range(0, len(pieces), 2):
        text = re.sub(r"\s+", " ", pieces[i])
        # A space before "(" or around "+" and "-" can carry meaning, so only these are tightened.
        pieces[i] = re.sub(r"\s*([{};,>])\s*", r"\1", text).replace(": ", ":").replace(";}", "}")
    return "".join(pieces).strip()


JOINED: dict[str, Callable[[], str]] = {"web/milepost.css": joined_css, "web/milepost.js": joined_js}


class SheetFinder(BaseFinder):
    """Finds the joined files, and writes them anew when a source is newer."""

    def __init__(self, app_names: Sequence[str] | None = None, *args: Any, **kwargs: Any) -> None:
        home = getattr(settings, "MILEPOST_HOME", None)
        self.root = Path(home) / "cache" / "static" if home else Path(tempfile.gettempdir()) / "milepost-static"
        self.storage = FileSystemStorage(location=self.root)

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in JOINED:
            return [] if find_all else None
        found = str(self._fresh(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for path in JOINED:
            self._fresh(path)
            yield path, self.storage

    def _fresh(self, path: str) -> Path:
        """The joined file's place. It is replaced in one step, since several processes may write it at once."""
        target = self.root / path
        text = JOINED[path]()
        if not target.exists() or target.read_text("utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as draft:
                draft.write(text)
            Path(draft.name).replace(target)
            target.chmod(0o644)
        return target


def _files(layer: str) -> list[Path]:
    folder = SOURCES / "css"
    single = folder / f"{layer}.css"
    return ([single] if single.exists() else []) + sorted((folder / layer).glob("*.css"))
