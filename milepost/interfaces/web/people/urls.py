from __future__ import annotations

from django.urls import path

from . import listing, profile, settings

urlpatterns = [
    path("people/", listing.page, name="people"),
    path("people/<uuid:person>/photo/", profile.photo, name="person_photo"),
    path("people/<str:person>/", profile.page, name="person"),
    path("me/", settings.profile, name="me"),
    path("me/celebration/", settings.celebration, name="my_celebration"),
    path("me/language/", settings.language, name="my_language"),
]
