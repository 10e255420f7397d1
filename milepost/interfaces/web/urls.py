"""Pages. Each area has its own urls; a community's are below /c/<slug>/."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
]
