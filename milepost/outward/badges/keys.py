"""The site's signing keys: Ed25519, made at first use, kept with the secrets and so in backups; the newest one signs."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from milepost.foundation.common.errors import DomainError

from .models import SigningKey

PREFIX = "badge-key-"


def _folder() -> Path:
    folder = Path(settings.MILEPOST_HOME) / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _files() -> list[Path]:
    """Oldest first."""
    return sorted(_folder().glob(f"{PREFIX}[0-9][0-9][0-9][0-9]"))


def current() -> OKPKey:
    """The key that signs; made where there is none. DomainError for a file that is damaged."""
    files = _files()
    if not files:
        return _make(1)
    return _known(_read(files[-1]))


def rotate() -> OKPKey:
    """A new key signs from now on; what the older ones signed keeps verifying."""
    files = _files()
    return _make(int(files[-1].name.removeprefix(PREFIX)) + 1 if files else 1)


def public_keys() -> list[dict[str, str]]:
    """Every public key that ever signed here, newest first, as JWK."""
    return list(SigningKey.objects.order_by("-made_at").values_list("jwk", flat=True))


def _make(number: int) -> OKPKey:
    """Of two processes that make it at once, one does, and both use it. The file appears under its name when it is whole."""
    key = OKPKey.generate_key("Ed25519", private=True)
    folder = _folder()
    draft = folder / f".{PREFIX}{secrets.token_hex(8)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(key.as_dict(private=True), file)
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"{PREFIX}{number:04}"
        try:
            os.link(draft, path)
        except FileExistsError:
            key = _read(path)
    finally:
        draft.unlink(missing_ok=True)
    return _known(key)


def _read(path: Path) -> OKPKey:
    try:
        return OKPKey.import_key(json.loads(path.read_text()))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise DomainError(
            _("The signing key %(name)s is damaged.") % {"name": path.name},
            _("Bring it back from a backup, or delete the file: the next badge makes a new key."),
        ) from error


def _known(key: OKPKey) -> OKPKey:
    """The public half is in the database: a restored one, or a lost file, changes nothing for what was signed."""
    kid = key.thumbprint()
    SigningKey.objects.get_or_create(kid=kid, defaults={"jwk": public_jwk(key)})
    return key


def public_jwk(key: OKPKey) -> dict[str, str]:
    found = {name: str(value) for name, value in key.as_dict(private=False).items() if name in {"kty", "crv", "x"}}
    return found | {"kid": key.thumbprint(), "alg": "EdDSA", "use": "sig"}
