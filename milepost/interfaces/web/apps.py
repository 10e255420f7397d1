from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "milepost.interfaces.web"
    label = "web"

    def ready(self) -> None:
        from allauth.account.signals import email_confirmed

        from .accounts.adapter import guard_against_squatters

        # allauth has no other hook between confirming an address and signing in with it.
        email_confirmed.connect(guard_against_squatters, dispatch_uid="guard-against-squatters")
