"""How the documentation is built: `make docs`. Warnings are errors there, so a broken link never lands."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

project = "Milepost"
author = "The Milepost contributors"
copyright = f"2026, {author}"
release = re.search(r'^__version__ = "([^"]+)"', (ROOT / "milepost" / "__init__.py").read_text(), re.MULTILINE)[1]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "pictures/README.md"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Milepost {release}"
html_copy_source = False
html_show_sphinx = False
templates_path = []
