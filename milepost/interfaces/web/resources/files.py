"""The file of a resource, and a template's text, for who may see the resource. A browser shows pictures and saves the rest."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from milepost.domain.resources.models import Resource, ResourceVersion
from milepost.foundation.common.uploads import clean_name
from milepost.foundation.identity.access import can
from milepost.interfaces.web.access import Request, route

from .reading import find

LOCKED = "default-src 'none'; sandbox"
"""Whatever a file holds, it runs nothing and asks nobody."""


def _chosen(request: Request, found: Resource) -> ResourceVersion:
    """The version in force; an earlier one by `?version=`; of a proposal, for who may see it, what waits."""
    number = request.GET.get("version", "")
    if number.isdecimal() and len(number) < 9:
        version = found.versions.filter(number=int(number), published_at__isnull=False).first()
    else:
        version = found.version_in_force()
        if version is None or "waiting" in request.GET:
            sees = can(request.actor, "resources.tend") or can(request.actor, "resources.change", found)
            version = (found.waiting_version() or version) if sees else version
    if version is None:
        raise Http404
    return version


@require_safe
@route("resources.view")
def download(request: Request, resource: str) -> HttpResponseBase:
    version = _chosen(request, find(request, resource))
    name = str(version.file)
    if not name or not default_storage.exists(name):
        raise Http404
    response = FileResponse(
        default_storage.open(name),
        as_attachment=not version.is_picture,
        filename=version.file_name,
        content_type=version.media_type or "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = LOCKED
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@route("resources.view")
def text(request: Request, resource: str) -> HttpResponse:
    """The text as a file, to fill in."""
    found = find(request, resource)
    version = _chosen(request, found)
    if not version.text:
        raise Http404
    name = clean_name(f"{found.slug}.md").replace('"', "")
    response = HttpResponse(version.text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{_quoted(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = LOCKED
    return response


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name)
