from __future__ import annotations

from django.urls import path

from . import asking, reading, taking, tending

urlpatterns = [
    path("opportunities/", reading.index, name="opportunities"),
    path("opportunities/new/", asking.new, name="opportunity_new"),
    path("opportunities/<str:opportunity>/", reading.page, name="opportunity"),
    path("opportunities/<str:opportunity>/change/", asking.change, name="opportunity_change"),
    path("opportunities/<str:opportunity>/closure/", asking.close, name="opportunity_closure"),
    path("opportunities/<str:opportunity>/commitment/", taking.take, name="opportunity_commitment"),
    path("opportunities/<str:opportunity>/finish/", taking.finish, name="opportunity_finish"),
    path("opportunities/<str:opportunity>/return/", taking.give_back, name="opportunity_return"),
    path("desk/opportunities/", tending.page, name="opportunities_waiting"),
]
