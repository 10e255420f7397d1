from __future__ import annotations

from django.urls import path

from . import cohorts, journey, meeting, persona_map, personas, writing

urlpatterns = [
    path("personas/", personas.index, name="personas"),
    path("persona-choice/", personas.choose, name="persona_choice"),
    path("persona-map/", persona_map.page, name="persona_map"),
    path("personas/new/", writing.new, name="persona_new"),
    path("persona-template/", writing.from_template, name="persona_template"),
    path("personas/<str:persona>/", personas.page, name="persona"),
    path("personas/<str:persona>/suggestion/", personas.suggestion, name="persona_suggestion"),
    path("personas/<str:persona>/change/", writing.change, name="persona_change"),
    path("personas/<str:persona>/path/", writing.lay, name="persona_path"),
    path("personas/<str:persona>/asked/", writing.asked, name="persona_asked"),
    path("personas/<str:persona>/adoption/", writing.adopt, name="persona_adoption"),
    path("personas/<str:persona>/retirement/", writing.retire, name="persona_retirement"),
    path("people/<str:person>/journey/", journey.page, name="journey"),
    path("people/<uuid:person>/introduction/", meeting.ask, name="introduction_new"),
    path("me/journey/", journey.mine, name="my_journey"),
    path("me/journey/suggestions/", journey.suggested, name="persona_suggestions"),
    path("me/journey/sharing/", journey.share, name="journey_sharing"),
    path("me/milestones/new/", journey.new_stone, name="own_stone_new"),
    path("me/milestones/<uuid:stone>/reached/", journey.reached, name="own_stone_reached"),
    path("me/milestones/<uuid:stone>/letting-go/", journey.let_go, name="own_stone_letting_go"),
    path("milestones/<str:milestone>/help/", meeting.offer, name="help_offer"),
    path("meetings/", meeting.index, name="meetings"),
    path("meetings/<uuid:introduction>/answer/", meeting.answer, name="introduction_answer"),
    path("meetings/<uuid:introduction>/withdrawal/", meeting.withdraw, name="introduction_withdrawal"),
    path("meetings/<uuid:introduction>/mentoring/", meeting.begin, name="mentoring_new"),
    path("mentoring/<uuid:mentoring>/talk/", meeting.talk, name="mentoring_talk"),
    path("mentoring/<uuid:mentoring>/end/", meeting.end, name="mentoring_end"),
    path("cohorts/", cohorts.index, name="cohorts"),
    path("cohorts/new/", cohorts.new, name="cohort_new"),
    path("cohorts/<str:cohort>/", cohorts.page, name="cohort"),
    path("cohorts/<str:cohort>/change/", cohorts.change, name="cohort_change"),
    path("cohorts/<str:cohort>/cancellation/", cohorts.cancel, name="cohort_cancellation"),
    path("cohorts/<str:cohort>/membership/", cohorts.membership, name="cohort_membership"),
    path("cohorts/<str:cohort>/finish/", cohorts.finish, name="cohort_finish"),
    path("cohorts/<str:cohort>/check-ins/", cohorts.check_in, name="cohort_check_in"),
    path("check-ins/<uuid:checkin>/withdrawal/", cohorts.take_back, name="checkin_withdrawal"),
]
