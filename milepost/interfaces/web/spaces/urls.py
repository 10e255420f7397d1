from __future__ import annotations

from django.urls import path

from . import files, places, posts, tending, threads

app_name = "spaces"
urlpatterns = [
    path("spaces/", places.index, name="index"),
    path("spaces/new/", places.new, name="new"),
    path("spaces/read/", places.read_all, name="read-all"),
    path("spaces/<slug:space>/", places.show, name="space"),
    path("spaces/<slug:space>/settings/", places.settings, name="settings"),
    path("spaces/<slug:space>/standing/", places.standing, name="standing"),
    path("spaces/<slug:space>/people/", places.people, name="people"),
    path("spaces/<slug:space>/read/", places.read, name="read"),
    path("spaces/<slug:space>/new/", threads.new, name="start"),
    path("spaces/<slug:space>/<uuid:pk>/", threads.show, name="thread"),
    path("spaces/<slug:space>/<uuid:pk>/replies/", threads.reply, name="reply"),
    path("spaces/<slug:space>/<uuid:pk>/read/", threads.seen, name="seen"),
    path("spaces/<slug:space>/<uuid:pk>/edit/", tending.edit, name="edit-thread"),
    path("spaces/<slug:space>/<uuid:pk>/pin/", tending.pin, name="pin"),
    path("spaces/<slug:space>/<uuid:pk>/closure/", tending.close, name="close"),
    path("spaces/<slug:space>/<uuid:pk>/move/", tending.move, name="move"),
    path("posts/<uuid:pk>/", posts.show, name="post"),
    path("posts/<uuid:pk>/edit/", posts.edit, name="edit-post"),
    path("posts/<uuid:pk>/deletion/", posts.delete, name="delete-post"),
    path("posts/<uuid:pk>/restoration/", posts.restore, name="restore-post"),
    path("posts/<uuid:pk>/reactions/", posts.react, name="react"),
    path("posts/<uuid:pk>/history/", posts.history, name="history"),
    path("files/<uuid:pk>/", files.download, name="file"),
]
