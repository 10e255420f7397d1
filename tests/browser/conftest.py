from __future__ import annotations

from tests.interfaces.web.accounts.conftest import (  # noqa: F401 (fixtures)
    fresh_limits,
    outbox,
    provider,
    quick_passwords,
)
