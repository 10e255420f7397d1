"""One style sheet and one script for all pages, and a small sheet more for areas with much of their own, joined from files.

The sources stay small, one file a component. A static files finder joins them, so that `collectstatic` and the development
server see `web/milepost.css` and `web/milepost.js` as if they were ordinary files: no build step and no Node. The areas in
SEPARATE have `web/areas/AREA.css`, which only pages of the view package of that name ask for (`{% area_sheets %}`).

Settings: `STATICFILES_FINDERS` names `milepost.interfaces.web.sheet.SheetFinder` beside Django's own two.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

SOURCES = Path(__file__).parent / "static" / "web"
LAYERS = ("reset", "tokens", "base", "layout", "components", "areas", "utilities")
SEPARATE: dict[str, tuple[str, ...]] = {
    "celebrations": (),
    "conversations": (),
    "coverage": (),
    "desk": (),
    "events": (),
    "imports": (),
    "milestones": ("imports",),
    "onboarding": ("paths",),
    "opportunities": ("resources",),
    "paths": (),
    "resources": (),
    "spaces": (),
}
"""Areas whose pages ask for a sheet of their own, each with the others that its pages use too. The rest is in the common one."""


def joined_css() -> str:
    """The common sheet, in the order of the layers; a layer is one file or a folder of files, each goes into its layer."""
    parts = [f"@layer {', '.join(LAYERS)};"]
    for layer in LAYERS:
        paths = [path for path in _files(layer) if not (layer == "areas" and path.stem in SEPARATE)]
        parts.append(f"@layer {layer}{{{''.join(shortened(path.read_text('utf-8')) for path in paths)}}}")
    return "\n".join(parts) + "\n"


def area_css(area: str) -> str:
    """What is special to one area. The common sheet, which comes before it, has put the layers in their order."""
    return f"@layer areas{{{shortened((SOURCES / 'css' / 'areas' / f'{area}.css').read_text('utf-8'))}}}\n"


def sheets_of(area: str) -> list[str]:
    """The static files with the styles that pages of this area ask for besides the common sheet, the others' first."""
    names = [*SEPARATE[area], area] if area in SEPARATE else []
    return [f"web/areas/{name}.css" for name in names if f"web/areas/{name}.css" in JOINED]


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


JOINED: dict[str, Callable[[], str]] = {
    "web/milepost.css": joined_css,
    "web/milepost.js": joined_js,
    **{
        f"web/areas/{area}.css": partial(area_css, area)
        for area in SEPARATE
        if (SOURCES / "css" / "areas" / f"{area}.css").exists()
    },
}


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
