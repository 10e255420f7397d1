from __future__ import annotations

from django.urls import path

from . import exports, quarantine, views

urlpatterns = [
    path("import/", views.page, name="imports"),
    path("import/<uuid:pk>/", views.one, name="import"),
    path("import/<uuid:pk>/choices/", views.choices, name="import_choices"),
    path("import/<uuid:pk>/start/", views.start, name="import_start"),
    path("import/<uuid:pk>/stop/", views.stop, name="import_stop"),
    path("import/<uuid:pk>/discard/", views.discard, name="import_discard"),
    path("import/<uuid:pk>/kept-apart/", quarantine.page, name="import_quarantine"),
    path("import/<uuid:pk>/kept-apart.csv", quarantine.download, name="import_quarantine_csv"),
    path("export/", exports.page, name="export"),
    path("export/<str:name>.zip", exports.download, name="export_download"),
]
