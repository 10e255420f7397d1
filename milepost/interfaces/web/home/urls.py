from __future__ import annotations

from django.urls import path

from . import definitions, goals, milestones, mission, moments, views

urlpatterns = [
    path("", views.home, name="home"),
    path("mission/", mission.page, name="mission"),
    path("mission/history/", mission.history, name="mission_history"),
    path("mission/write/", mission.write, name="mission_write"),
    path("values/new/", mission.add_value, name="value_new"),
    path("values/<str:value>/", mission.change_value, name="value"),
    path("values/<str:value>/retirement/", mission.retire_value, name="value_retirement"),
    path("goals/", goals.index, name="goals"),
    path("goals/new/", goals.new, name="goal_new"),
    path("goals/<str:goal>/", goals.page, name="goal"),
    path("goals/<str:goal>/change/", goals.change, name="goal_change"),
    path("goals/<str:goal>/adoption/", goals.adopt, name="goal_adoption"),
    path("goals/<str:goal>/retirement/", goals.retire, name="goal_retirement"),
    path("milestones/", milestones.index, name="milestones"),
    path("milestones/<str:milestone>/", milestones.page, name="milestone"),
    path("milestones/<str:milestone>/withdrawal/", milestones.withdraw, name="milestone_withdrawal"),
    path("moments/", moments.page, name="moments"),
    path("thanks/new/", moments.thank, name="thank"),
    path("thanks/<uuid:praise>/withdrawal/", moments.take_back, name="thanks_withdrawal"),
    path("definitions/", definitions.page, name="definitions"),
]
