from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .access import permission

permission("community.view", _("See the community's mission page"), lowest="visitor")
permission("community.home", _("See the community's home"), lowest="member", public=True)
permission("community.settings", _("Change the community's settings"), lowest="steward")
permission("community.desk", _("See the steward's desk"), lowest="moderator")
permission("community.export", _("Take out everything of the community"), lowest="owner")
permission("community.join", _("Ask to join"), lowest="signed-in")
permission("people.view", _("See the list of people"), lowest="member")
permission("people.link", _("Merge and split people, decide on claims"), lowest="steward")
permission("people.erase", _("Erase a person"), lowest="owner")
permission("people.invite", _("Invite people"), lowest="ambassador")
permission("people.admit", _("Decide who joins"), lowest="steward")
permission("people.role", _("Give and take roles"), lowest="steward")
permission("membership.own", _("Leave, pause, and take out one's own data"), lowest="member")
permission("tokens.own", _("Make keys to the API"), lowest="member")
permission("audit.view", _("See what stewards did"), lowest="steward")
