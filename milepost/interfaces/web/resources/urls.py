from __future__ import annotations

from django.urls import path

from . import files, reading, tending, using, writing

urlpatterns = [
    path("resources/", reading.index, name="resources"),
    path("resources/new/", writing.new, name="resource_new"),
    path("resources/<str:resource>/", reading.page, name="resource"),
    path("resources/<str:resource>/change/", writing.change, name="resource_change"),
    path("resources/<str:resource>/history/", reading.history, name="resource_history"),
    path("resources/<str:resource>/history/<int:number>/", reading.version, name="resource_version"),
    path("resources/<str:resource>/history/<int:number>/restoration/", tending.restore, name="resource_restoration"),
    path("resources/<str:resource>/file/", files.download, name="resource_file"),
    path("resources/<str:resource>/text/", files.text, name="resource_text"),
    path("resources/<str:resource>/lessons/<uuid:lesson>/", using.lesson, name="resource_lesson"),
    path("resources/<str:resource>/completion/", using.completion, name="resource_completion"),
    path("resources/<str:resource>/rating/", using.rating, name="resource_rating"),
    path("resources/<str:resource>/ratings/<uuid:person>/removal/", tending.unrate, name="resource_rating_removal"),
    path("resources/<str:resource>/people/", tending.people, name="resource_people"),
    path("resources/<str:resource>/decision/", tending.decide, name="resource_decision"),
    path("resources/<str:resource>/withdrawal/", tending.withdraw, name="resource_withdrawal"),
    path("desk/resources/", tending.waiting, name="resources_waiting"),
]
