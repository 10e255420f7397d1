from __future__ import annotations

from django.urls import path

from . import awards, claiming, importing, ruling, writing

urlpatterns = [
    path("desk/milestones/", writing.desk, name="milestone_desk"),
    path("desk/milestones/import/", importing.page, name="milestone_import"),
    path("desk/milestones/import/<uuid:pk>/", importing.one, name="milestone_import_file"),
    path("milestones/new/", writing.new, name="milestone_new"),
    path("milestones/new/proposal/", writing.propose, name="milestone_propose"),
    path("milestones/<str:milestone>/change/", writing.change, name="milestone_change"),
    path("milestones/<str:milestone>/retirement/", writing.retire, name="milestone_retirement"),
    path("milestones/<str:milestone>/decision/", writing.decide, name="milestone_decision"),
    path("milestones/<str:milestone>/rule/", ruling.rule, name="milestone_rule"),
    path("milestones/<str:milestone>/preview/", writing.preview, name="milestone_preview"),
    path("milestones/<str:milestone>/claim/", claiming.claim, name="milestone_claim"),
    path("milestones/<str:milestone>/awards/", awards.index, name="milestone_awards"),
    path("verification/", claiming.queue, name="milestone_verification"),
    path("verification/<uuid:pk>/", claiming.claim_page, name="milestone_claim_page"),
    path("verification/<uuid:pk>/file/", claiming.claim_file, name="milestone_claim_file"),
    path("verification/<uuid:pk>/withdrawal/", claiming.withdraw_claim, name="milestone_claim_withdrawal"),
    path("awards/<uuid:pk>/", awards.page, name="award"),
    path("awards/<uuid:pk>/file/", awards.file, name="award_file"),
    path("awards/<uuid:pk>/revocation/", awards.revoke, name="award_revocation"),
    path("awards/<uuid:pk>/doubt/", awards.doubt, name="award_doubt"),
    path("disputes/", awards.disputes, name="milestone_disputes"),
    path("disputes/<uuid:pk>/", awards.settle, name="milestone_dispute"),
]
