from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("persona.proposed", _("proposed a persona"), icon="user-round-plus")
verb("persona.adopted", _("adopted a persona"), icon="user-round-check")
verb("persona.retired", _("retired a persona"), icon="user-round-x", public=False)
verb("milestone.proposed", _("proposed a milestone"), icon="milestone")
verb("persona.chosen", _("found themselves in a persona"), icon="user-round-check", objects=True, public=False)
verb("persona.left", _("left a persona"), icon="user-round-x", objects=True, public=False)
verb("persona.missed", _("found themselves in no persona"), icon="user-round-search", public=False, personal=("words",))
verb("interests.told", _("told what they care about"), icon="tag", public=False)
verb("help.offered", _("offered to help with a milestone"), icon="hand-heart", objects=True)
verb("introduction.asked", _("asked to meet someone"), icon="handshake", public=False)
verb("introduction.made", _("agreed to meet someone"), icon="handshake", public=False)
verb("mentoring.begun", _("began to mentor someone"), icon="sprout", public=False)
verb("talk.held", _("talked with someone they mentor"), icon="messages-square", objects=True, public=False)
verb("cohort.started", _("set out with others"), icon="footprints", objects=True)
verb("cohort.joined", _("joined a group that walks together"), icon="footprints", objects=True)
verb("cohort.left", _("left a group that walks together"), icon="footprints", objects=True, public=False)
verb("checkin.made", _("checked in"), icon="calendar-check", objects=True)
verb("cohort.finished", _("finished what a group set out to do"), icon="flag", objects=True)
verb("stone.set", _("set a milestone for themselves"), icon="sparkle", public=False)
verb("stone.reached", _("reached a milestone of their own"), icon="sparkle", public=False)
verb("welcome.finished", _("took the first steps here"), icon="door-open", public=False)
