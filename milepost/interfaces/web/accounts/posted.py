from __future__ import annotations

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: also to an empty one that was sent, but to none that was only looked at."""
    return request.POST if request.method == "POST" else None
