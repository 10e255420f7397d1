from __future__ import annotations

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import json_dict


class SigningKey(models.Model):
    """The public half of a key that this site signs or signed with. The private one lies in MILEPOST_HOME/secrets.

    Rows are never deleted: what an old key signed keeps verifying.
    """

    kid = models.CharField(max_length=64, primary_key=True)
    """The key's thumbprint (RFC 7638)."""
    jwk = json_dict()
    made_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.kid
