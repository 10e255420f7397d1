from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb(
    "contribution.made", _("contributed"), icon="git-commit-horizontal", objects=True, external=True, personal=("text",)
)
