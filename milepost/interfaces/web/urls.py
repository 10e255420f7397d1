"""Pages. Each area has its own urls; a community's are below /c/<slug>/."""

from __future__ import annotations

from django.urls import include, path

from milepost.interfaces.web.events.urls import outside as events_outside
from milepost.interfaces.web.home.front import front
from milepost.interfaces.web.styleguide import styleguide

urlpatterns = [
    path("", front, name="front"),
    path("c/<slug:slug>/", include("milepost.interfaces.web.milestones.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.home.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.people.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.paths.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.onboarding.urls")),
    path("", include("milepost.interfaces.web.accounts.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.spaces.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.search.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.resources.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.opportunities.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.coverage.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.desk.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.imports.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.segments.urls")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.celebrations.urls")),
    path("", include("milepost.interfaces.web.celebrations.urls_outside")),
    path("c/<slug:slug>/", include("milepost.interfaces.web.events.urls")),
    *events_outside,
    path("c/<slug:slug>/", include("milepost.interfaces.web.conversations.urls")),
    path("styleguide/", styleguide, name="styleguide"),
]
