from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community, Person

    from .models import Conversation, Statement


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def here(self, community: Community) -> Self:
        return self.filter(community=community)

    def open_at(self, moment: datetime.datetime) -> Self:
        return self.filter(Q(closes_at__isnull=True) | Q(closes_at__gt=moment), closed_at__isnull=True)


class StatementQuerySet(models.QuerySet["Statement"]):
    def shown(self) -> Self:
        """Those that are voted on: let in, and not taken out since."""
        return self.filter(approved_at__isnull=False, hidden_at__isnull=True)

    def waiting(self) -> Self:
        """A moderator has not looked at them yet."""
        return self.filter(approved_at__isnull=True, hidden_at__isnull=True)

    def not_voted_by(self, person: Person) -> Self:
        from .models import StatementVote

        return self.filter(~Exists(StatementVote.objects.filter(statement=OuterRef("pk"), person=person)))

    def least_seen_first(self) -> Self:
        return self.annotate(seen=F("agree") + F("disagree") + F("passed")).order_by("seen", "number")
