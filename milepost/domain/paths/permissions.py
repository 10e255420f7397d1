from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("paths.view", _("See the milestones on the way"), lowest="member", public=True)
permission("paths.write", _("Write milestones"), lowest="steward")
permission("paths.propose", _("Propose a milestone or a persona"), lowest="member")
permission("milestones.own", _("Say which milestones one has reached"), lowest="member")
permission("personas.view", _("See whom the community is for"), lowest="member", public=True)
permission("personas.map", _("See the persona map"), lowest="member")
permission("personas.propose", _("Propose a persona"), lowest="member")
permission("personas.write", _("Write personas and their paths"), lowest="steward")
permission("personas.own", _("Choose one's own persona"), lowest="member")
permission("journey.own", _("Set milestones of one's own, and say who sees one's journey"), lowest="member")
permission("help.offer", _("Offer to help with a milestone"), lowest="member")
permission("introductions.own", _("Meet other members"), lowest="member")
permission("cohorts.view", _("See groups that walk together"), lowest="member")
permission("cohorts.start", _("Start a group that walks together"), lowest="member")
permission("cohorts.own", _("Walk along, and check in"), lowest="member")
permission("cohorts.lead", _("Change every group that walks together"), lowest="steward")
