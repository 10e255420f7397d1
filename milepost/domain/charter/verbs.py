from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("charter.ratified", _("put a version of the charter into force"), icon="scroll-text")
verb("charter.agreed", _("agreed to the charter"), icon="handshake", public=False)
verb("value.added", _("added a value"), icon="heart-handshake", public=False)
verb("value.changed", _("said a value differently"), icon="heart-handshake", public=False)
verb("value.retired", _("retired a value"), icon="heart-handshake", public=False)
verb("value.held", _("took a value up again"), icon="heart-handshake", public=False)
