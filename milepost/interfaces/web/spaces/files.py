"""Files of posts, for who may read the post. A browser shows pictures and saves everything else."""

from __future__ import annotations

import uuid

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from milepost.domain.spaces.models import Attachment, Post
from milepost.interfaces.web.access import Request, route


@require_safe
@route("spaces.view")
def download(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    file = get_object_or_404(Attachment.objects.exclude(file=""), pk=pk, community=request.actor.community)
    # By the post, whose space decides who reads.
    get_object_or_404(Post.objects.visible_to(request.actor), pk=file.post_id)
    name = str(file.file)
    if not default_storage.exists(name):
        raise Http404
    picture = file.media_type.startswith("image/")
    response = FileResponse(
        default_storage.open(name),
        as_attachment=not picture,
        filename=file.name,
        content_type=file.media_type or "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    # Whatever a file holds, it runs nothing and asks nobody.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=86400"
    return response
