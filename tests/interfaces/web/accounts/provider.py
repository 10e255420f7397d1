"""A small OpenID Connect provider on this machine: whoever it is told to be, it lets through."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class Provider:
    """Code flow with PKCE. `who` are the claims of whoever signs in next; `error` makes it refuse."""

    CLIENT = "milepost-tests"
    SECRET = "only-for-tests"

    def __init__(self) -> None:
        self.who: dict[str, Any] = {
            "sub": "u-1",
            "email": "noor@example.org",
            "email_verified": True,
            "name": "Noor Rahimi",
        }
        self.error = ""
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.seen: list[dict[str, str]] = []
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def app(self) -> dict[str, Any]:
        """The setting that names this provider."""
        return {
            "provider_id": "house",
            "name": "House",
            "client_id": self.CLIENT,
            "secret": self.SECRET,
            "settings": {"server_url": self.url, "oauth_pkce_enabled": True},
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        self.seen.append(query)
        back: dict[str, str] = {"state": query["state"]}
        if self.error:
            back["error"] = self.error
        else:
            code = back["code"] = secrets.token_urlsafe(12)
            self.codes[code] = {"who": dict(self.who), **query}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        asked = self.codes.pop(form["code"])
        assert form["client_secret"] == self.SECRET
        assert form["redirect_uri"] == asked["redirect_uri"]
        assert form["code_verifier"], "PKCE is asked for"
        access, now = secrets.token_urlsafe(12), int(time.time())
        self.tokens[access] = asked["who"]
        claims = {"iss": self.url, "aud": self.CLIENT, "iat": now, "exp": now + 300, **asked["who"]}
        signed = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "k1"})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif parts.path == "/userinfo":
                    self.answer(provider.tokens[self.headers["Authorization"].removeprefix("Bearer ")])
                elif parts.path == "/keys":
                    key = json.loads(RSAAlgorithm.to_jwk(provider.key.public_key()))
                    self.answer({"keys": [key | {"kid": "k1", "use": "sig", "alg": "RS256"}]})
                else:
                    self.answer(provider.configuration())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(provider.token({key: values[0] for key, values in parse_qs(body).items()}))

            def answer(self, body: dict[str, Any]) -> None:
                sent = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    thread = threading.Thread(target=provider.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join(timeout=60)
