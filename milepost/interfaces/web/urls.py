"""Pages. Each area has its own urls; a community's are below /c/<slug>/."""

from __future__ import annotations

from django.urls import include, path

from milepost.interfaces.web.styleguide import styleguide

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("styleguide/", styleguide, name="styleguide"),
]
