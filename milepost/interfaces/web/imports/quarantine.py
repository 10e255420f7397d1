"""The rows that could not come in, or not as they were: to read, and to take along as a table."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterator
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.outward.connectors.models import ImportRun, QuarantinedRow

from .report import row_of
from .views import find

PAGE = 50
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would run what begins so."""


@require_safe
@route("imports.run")
def page(request: Request, pk: uuid.UUID) -> HttpResponse:
    run = find(request, pk)
    found = cast("QuerySet[Any, dict[str, Any]]", run.quarantine.values("pk", "noted"))
    turned = turn(found, ("noted", "pk"), request.GET, PAGE)
    by_id = QuarantinedRow.objects.in_bulk([row["pk"] for row in turned.rows])
    context = {
        "run": run,
        "rows": [row_of(by_id[row["pk"]]) for row in turned.rows if row["pk"] in by_id],
        "page": turned,
    }
    return render(request, "web/imports/quarantine.html", context)


@require_safe
@route("imports.run")
def download(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    run = find(request, pk)
    response = StreamingHttpResponse(_lines(run), content_type="text/csv; charset=utf-8")
    name = slugify(run.file_name.rpartition(".")[0] or run.file_name) or "import"
    response["Content-Disposition"] = f'attachment; filename="{name}-kept-apart.csv"'
    return response


class _Echo:
    def write(self, text: str) -> str:
        return text


def _lines(run: ImportRun) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # With a mark at the start, so that spreadsheets read it as UTF-8.
    yield "\ufeff" + writer.writerow(
        [_("File"), _("Line"), _("Why"), _("Detail"), _("Came in changed"), _("Beginning")]
    )
    rows = QuarantinedRow.objects.filter(run=run).order_by("noted", "pk")
    for row in rows.iterator(500):
        cells = (row.place, row.line, row.reason_text, row.detail, _("yes") if row.noted else _("no"), row.excerpt)
        yield writer.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
