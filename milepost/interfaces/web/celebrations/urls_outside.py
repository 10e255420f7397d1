"""Addresses that stand outside of any community's pages."""

from __future__ import annotations

from django.urls import path

from . import outward

urlpatterns = [path("wall/<str:token>/", outward.wall, name="wall")]
