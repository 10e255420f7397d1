from __future__ import annotations

from django.urls import path

from . import reading, tending, voting

urlpatterns = [
    path("conversations/", reading.index, name="conversations"),
    path("conversations/new/", tending.new, name="conversation_new"),
    path("conversations/<str:conversation>/", voting.page, name="conversation"),
    path("conversations/<str:conversation>/votes/", voting.votes, name="conversation_votes"),
    path("conversations/<str:conversation>/statements/", voting.write, name="conversation_statements"),
    path("conversations/<str:conversation>/map/", reading.shown, name="conversation_map"),
    path("conversations/<str:conversation>/results.csv", reading.table, name="conversation_results"),
    path("conversations/<str:conversation>/moderation/", tending.moderation, name="conversation_moderation"),
    path(
        "conversations/<str:conversation>/moderation/<int:number>/",
        tending.moderate,
        name="conversation_statement_moderation",
    ),
    path("conversations/<str:conversation>/closure/", tending.closure, name="conversation_closure"),
]
