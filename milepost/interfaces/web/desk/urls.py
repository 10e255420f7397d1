from __future__ import annotations

from django.urls import path

from . import audit, charts, jobs, log, members, settings, views

urlpatterns = [
    path("log/", log.page, name="log"),
    path("desk/", views.desk, name="desk"),
    path("desk/unanswered/", views.unanswered, name="unanswered"),
    path("desk/people/<uuid:pk>/", members.member, name="member"),
    path("desk/organisations/new/", members.organisation, name="organisation_new"),
    path("desk/trail/", audit.page, name="audit"),
    path("desk/work/", jobs.page, name="jobs"),
    path("desk/work/<uuid:run>/again/", jobs.again, name="job_again"),
    path("desk/charts/people-a-week.json", charts.people_a_week, name="chart_people_a_week"),
    path("desk/charts/people-a-week.svg", charts.people_a_week_svg, name="chart_people_a_week_svg"),
    path("settings/", settings.page, name="settings"),
]
