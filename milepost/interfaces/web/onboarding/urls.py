from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("welcome/", views.why, name="welcome"),
    path("welcome/done/", views.done, name="welcome_done"),
    path("welcome/<str:step>/", views.step, name="welcome_step"),
]
