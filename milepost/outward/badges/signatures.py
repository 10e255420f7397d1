"""JOSE, as other people's verifiers know it today."""

from __future__ import annotations

from typing import Any, override

from joserfc.jws import JWSRegistry

EDDSA = "EdDSA"


class Algorithms(JWSRegistry):
    """Those named, and no others. RFC 9864 renamed EdDSA to Ed25519; verifiers of badges know the older name, so no warning."""

    @override
    def get_alg(self, name: str) -> Any:
        if name == EDDSA and self.allowed and name in self.allowed:
            return self.algorithms[name]
        return super().get_alg(name)
