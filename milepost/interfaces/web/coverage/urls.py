from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("coverage/", views.index, name="coverage"),
    path("coverage/<str:milestone>/", views.page, name="coverage_milestone"),
]
