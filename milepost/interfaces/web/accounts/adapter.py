from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in as Milepost wants it."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in by a provider (OpenID Connect)."""
