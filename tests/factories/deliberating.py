from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from milepost.domain.deliberation.models import Conversation
from milepost.domain.deliberation.models.conversation import Opening
from milepost.foundation.identity.models import Community, Person

SEEDS = (
    "We should rehearse in public once a month.",
    "Beginners need their own evening.",
    "A small fee would make people come more reliably.",
)


def make_conversation(
    community: Community, *, by: Person | None = None, statements: Sequence[str] = SEEDS, **opening: Any
) -> Conversation:
    """Open, with three statements, which `by` (None: the command line) wrote; `opening` is what else is asked."""
    given = {"question": "How should our open stage grow?"} | opening
    return Conversation.open(community=community, by=by, opening=Opening(statements=statements, **given))
