from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("event.proposed", _("proposed an event"), icon="calendar-plus", public=False)
verb("event.published", _("announced an event"), icon="calendar-check")
verb("event.changed", _("changed an event"), icon="calendar-cog", public=False)
verb("event.cancelled", _("cancelled an event"), icon="calendar-x", public=False)
verb("event.registered", _("registered for an event"), icon="ticket", objects=True, external=True)
verb("event.unregistered", _("took back a registration"), icon="ticket-x", objects=True, public=False)
verb("event.attended", _("attended an event"), icon="calendar-heart", objects=True, external=True)
verb("event.hosted", _("hosted an event"), icon="calendar-heart", objects=True, external=True)
verb("talk.given", _("gave a talk"), icon="mic", objects=True, external=True)
verb("feedback.given", _("said how an event was"), icon="message-square-heart", objects=True, public=False)
