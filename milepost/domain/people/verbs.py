from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("community.founded", _("founded the community"), icon="sprout")
verb("member.joined", _("joined"), icon="door-open", external=True, personal=("came_from",))
verb("member.left", _("left"), icon="door-closed", public=False)
verb("member.paused", _("began a break"), icon="pause", public=False)
verb("member.audience_changed", _("is something else to the community"), icon="tag", public=False)
verb("member.returned", _("came back"), icon="play", public=False)
verb("role.taken", _("took on a role"), icon="shield")
verb("person.claimed", _("claimed an identity"), icon="link", public=False)
verb("person.merged", _("merged two people"), icon="merge", public=False)
verb("person.split", _("split a person"), icon="split", public=False)
verb("person.erased", _("was erased"), icon="eraser", public=False)
verb("praise.given", _("thanked someone"), icon="heart", objects=True, external=True, personal=("words",))
verb("profile.changed", _("changed their profile"), icon="user-round", public=False)
verb("celebration.chosen", _("chose how to be celebrated"), icon="party-popper", public=False)
