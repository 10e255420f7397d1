"""Every address of the site. Errors: milepost.interfaces.web.errors."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("milepost.interfaces.api.urls")),
    path("", include("milepost.interfaces.web.urls")),
]

handler400 = "milepost.interfaces.web.errors.bad_request"
handler403 = "milepost.interfaces.web.errors.forbidden"
handler404 = "milepost.interfaces.web.errors.not_found"
handler429 = "milepost.interfaces.web.ratelimits.too_many_requests"  # allauth's own name for it
handler500 = "milepost.interfaces.web.errors.server_error"
