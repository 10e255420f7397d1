"""Below /api/v1/."""

from __future__ import annotations

from django.urls import include, path, re_path

from .reference import reference
from .site import nowhere, patterns, whole

urlpatterns = [
    path("docs", whole(reference), name="api-reference"),
    path("", include((patterns(), "ninja"), namespace="api-1")),
    re_path("", whole(nowhere)),
]
