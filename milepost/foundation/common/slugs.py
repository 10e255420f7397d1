"""Words that stand for a row in an address."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.text import slugify


def free_slug(rows: QuerySet[Any], name: str, *, longest: int = 80, otherwise: str = "item") -> str:
    """The first of slug, slug-2, slug-3, ... that none of `rows` has; ask it while what they belong to is locked.

    "new" is never given: that is where the form for a new one stands.
    """
    stem = (slugify(name) or slugify(name, allow_unicode=True))[: longest - 5].strip("-_") or otherwise
    taken = set(rows.filter(slug__startswith=stem).values_list("slug", flat=True)) | {"new"}
    if stem not in taken:
        return stem
    n = 2
    while f"{stem}-{n}" in taken:
        n += 1
    return f"{stem}-{n}"
