"""Sign-in and one's own account. allauth's addresses stand here one by one: what is not listed is not reachable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from allauth.usersessions import views as sessions
from django.urls import URLPattern, path

from milepost.interfaces.web.access import open_route

from . import claiming, hub, invitations, joining, keys, linking_pages, membership, outbox, providers, requests


def signing_in(address: str, view: Callable[..., Any], name: str) -> URLPattern:
    return path(f"accounts/{address}", open_route("signing in and one's own account, by allauth")(view), name=name)


urlpatterns = [
    signing_in("login/", account.login, "account_login"),
    signing_in("logout/", account.logout, "account_logout"),
    signing_in("signup/", account.signup, "account_signup"),
    signing_in("inactive/", account.account_inactive, "account_inactive"),
    signing_in("reauthenticate/", account.reauthenticate, "account_reauthenticate"),
    signing_in("email/", account.email, "account_email"),
    signing_in("confirm-email/", account.email_verification_sent, "account_email_verification_sent"),
    signing_in("login/code/", account.request_login_code, "account_request_login_code"),
    signing_in("login/code/confirm/", account.confirm_login_code, "account_confirm_login_code"),
    signing_in("password/change/", account.password_change, "account_change_password"),
    signing_in("password/set/", account.password_set, "account_set_password"),
    signing_in("password/reset/", account.password_reset, "account_reset_password"),
    signing_in("password/reset/confirm/", account.confirm_password_reset_code, "account_confirm_password_reset_code"),
    signing_in("password/reset/complete/", account.complete_password_reset, "account_complete_password_reset"),
    signing_in("password/reset/done/", account.password_reset_from_key_done, "account_password_reset_completed"),
    signing_in("2fa/", mfa.index, "mfa_index"),
    signing_in("2fa/authenticate/", mfa.authenticate, "mfa_authenticate"),
    signing_in("2fa/reauthenticate/", mfa.reauthenticate, "mfa_reauthenticate"),
    signing_in("2fa/totp/activate/", totp.activate_totp, "mfa_activate_totp"),
    signing_in("2fa/totp/deactivate/", totp.deactivate_totp, "mfa_deactivate_totp"),
    signing_in("2fa/recovery-codes/", recovery.view_recovery_codes, "mfa_view_recovery_codes"),
    signing_in("2fa/recovery-codes/generate/", recovery.generate_recovery_codes, "mfa_generate_recovery_codes"),
    signing_in("2fa/recovery-codes/download/", recovery.download_recovery_codes, "mfa_download_recovery_codes"),
    signing_in("2fa/webauthn/", passkeys.list_webauthn, "mfa_list_webauthn"),
    signing_in("2fa/webauthn/add/", passkeys.add_webauthn, "mfa_add_webauthn"),
    signing_in("2fa/webauthn/reauthenticate/", passkeys.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    signing_in("2fa/webauthn/login/", passkeys.login_webauthn, "mfa_login_webauthn"),
    signing_in("2fa/webauthn/keys/<int:pk>/remove/", passkeys.remove_webauthn, "mfa_remove_webauthn"),
    signing_in("2fa/webauthn/keys/<int:pk>/edit/", passkeys.edit_webauthn, "mfa_edit_webauthn"),
    signing_in("3rdparty/", social.connections, "socialaccount_connections"),
    signing_in("3rdparty/signup/", social.signup, "socialaccount_signup"),
    signing_in("3rdparty/login/cancelled/", social.login_cancelled, "socialaccount_login_cancelled"),
    signing_in("3rdparty/login/error/", social.login_error, "socialaccount_login_error"),
    signing_in("sessions/", sessions.list_usersessions, "usersessions_list"),
    path("accounts/oidc/<str:provider_id>/login/", providers.leave_for_provider, name="openid_connect_login"),
    path("accounts/oidc/<str:provider_id>/login/callback/", providers.come_back, name="openid_connect_callback"),
    path("accounts/", hub.hub, name="account_hub"),
    path("accounts/sessions/<int:pk>/end/", hub.end_session, name="account_end_session"),
    path("accounts/close/", hub.close, name="account_close"),
    path("dev/outbox/", outbox.outbox, name="outbox"),
    path("dev/outbox/<str:file>/<int:number>/", outbox.letter, name="outbox_mail"),
    path("dev/outbox/<str:file>/<int:number>/html/", outbox.letter_html, name="outbox_html"),
    path("i/<str:token>/", joining.landing, name="invitation"),
    path("c/<slug:slug>/join/", joining.join, name="join"),
    path("c/<slug:slug>/membership/", membership.page, name="membership"),
    path("c/<slug:slug>/membership/return/", membership.come_back, name="come_back"),
    path("c/<slug:slug>/membership/data/", membership.own_data, name="own_data"),
    path("c/<slug:slug>/membership/erasure/", membership.erase, name="erase_me"),
    path("c/<slug:slug>/leave/", membership.leave, name="leave"),
    path("c/<slug:slug>/before/", claiming.page, name="claiming"),
    path("c/<slug:slug>/before/<uuid:pk>/", claiming.claim, name="claim"),
    path("c/<slug:slug>/before/<uuid:pk>/proven/", claiming.claim_proven, name="claim_proven"),
    path("c/<slug:slug>/keys/", keys.page, name="keys"),
    path("c/<slug:slug>/keys/<uuid:pk>/revocation/", keys.revoke, name="key_revocation"),
    path("c/<slug:slug>/invitations/", invitations.page, name="invitations"),
    path("c/<slug:slug>/invitations/<uuid:pk>/revocation/", invitations.revoke, name="invitation_revocation"),
    path("c/<slug:slug>/requests/", requests.index, name="join_requests"),
    path("c/<slug:slug>/requests/<uuid:pk>/", requests.page, name="join_request"),
    path("c/<slug:slug>/claims/", linking_pages.claims, name="claims"),
    path("c/<slug:slug>/claims/<uuid:pk>/decision/", linking_pages.decide_claim, name="claim_decision"),
    path("c/<slug:slug>/claims/suggestions/", linking_pages.suggestions, name="suggestions"),
    path(
        "c/<slug:slug>/claims/suggestions/<uuid:pk>/decision/",
        linking_pages.decide_suggestion,
        name="suggestion_decision",
    ),
    path("c/<slug:slug>/claims/merges/", linking_pages.merges, name="merges"),
    path("c/<slug:slug>/claims/merges/<uuid:pk>/split/", linking_pages.split, name="merge_split"),
]
