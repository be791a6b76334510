"""The webhooks' signing secrets, derived from one that is kept like the card secret."""

from __future__ import annotations

import base64
from pathlib import Path

from flux_cli.adapters.keychain.kept_secret import KeptSecret, Wording

WORDING = Wording(
    "webhook secret",
    "no webhook of this ledger can be signed",
    "unlock the keyring of the session that added the first webhook",
)


class WebhookSecrets:
    """One secret an endpoint and rotation, `whsec_` and base64; nothing is kept for any of them."""

    def __init__(self, ledger: Path) -> None:
        self._secret = KeptSecret(ledger.with_name(ledger.name + ".webhook-secret"), WORDING)

    def prepare(self) -> None:
        """Make the secret that all follow from, unless it is there; raises `StorageFailed`."""
        self._secret.prepare(create=True)

    def key(self, webhook_id: str, generation: int) -> bytes:
        """The 32 bytes that sign for an endpoint; raises `StorageFailed`."""
        return self._secret.keyed(f"webhook|{webhook_id}|{generation}")

    def spelled(self, webhook_id: str, generation: int) -> str:
        """The secret as its receiver is given it (Standard Webhooks 1.0)."""
        return "whsec_" + base64.b64encode(self.key(webhook_id, generation)).decode()
