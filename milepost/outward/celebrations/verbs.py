from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

# Whom someone congratulated tells what that person reached: it is for stewards, and rules may count it.
verb("congratulation.given", _("congratulated someone"), icon="party-popper", objects=True, public=False)
verb("landmark.reached", _("reached something together"), icon="flag", objects=True)
