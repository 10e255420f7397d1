from __future__ import annotations

from django.urls import path

from . import attributes, views

urlpatterns = [
    path("segments/", views.index, name="segments"),
    path("segments/new/", views.new, name="segment_new"),
    path("segments/lists/new/", views.new_list, name="segment_new_list"),
    path("segments/<str:segment>/", views.segment, name="segment"),
    path("segments/<str:segment>/edit/", views.edit, name="segment_edit"),
    path("segments/<str:segment>/retirement/", views.retire, name="segment_retire"),
    path("segments/<str:segment>/people/", views.bring, name="segment_bring"),
    path("segments/<str:segment>/people/off/", views.take_off, name="segment_take_off"),
    path("segments/<str:segment>/comparison/", views.compare, name="segment_compare"),
    path("desk/attributes/", attributes.index, name="attributes"),
    path("desk/attributes/new/", attributes.new, name="attribute_new"),
    path("desk/attributes/<slug:attribute>/", attributes.edit, name="attribute_edit"),
    path("desk/attributes/<slug:attribute>/retirement/", attributes.retire, name="attribute_retire"),
    path("desk/people/<uuid:pk>/attributes/", attributes.of_member, name="member_attributes"),
    path("me/more/", attributes.own, name="own_attributes"),
]
