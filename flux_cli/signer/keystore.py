"""Keystore V3 files (Web3 Secret Storage): a key encrypted under a passphrase.

Written with scrypt; scrypt and PBKDF2 are read. Source: ethereum.org's Web3 Secret Storage
definition, version 3. The usual library loads a third of a second of what is not needed here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from flux_cli.signer.encoding import keccak

SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 18, 8, 1
MOST_MEMORY = 1 << 30
LENGTH = 32


class Unopened(ValueError):
    """The passphrase is not the one, or the file is no keystore."""


def lock(key: bytes, passphrase: str, *, n: int = SCRYPT_N) -> str:
    """The keystore's JSON for a key."""
    salt, vector = secrets.token_bytes(32), secrets.token_bytes(16)
    params = {"dklen": LENGTH, "n": n, "r": SCRYPT_R, "p": SCRYPT_P, "salt": salt.hex()}
    derived = _scrypt(passphrase, params)
    cipher = _aes_ctr(derived[:16], vector, key)
    document = {
        "version": 3,
        "id": str(uuid.uuid4()),
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": vector.hex()},
            "ciphertext": cipher.hex(),
            "kdf": "scrypt",
            "kdfparams": params,
            "mac": keccak(derived[16:32] + cipher).hex(),
        },
    }
    return json.dumps(document)


def unlock(text: str, passphrase: str) -> bytes:
    """The key in a keystore. Raises `Unopened`."""
    try:
        document = json.loads(text)
        crypto = {name.lower(): value for name, value in document.items()}["crypto"]
        if document["version"] != 3 or crypto["cipher"] != "aes-128-ctr":
            raise Unopened("not a keystore of version 3")
        derived = _derived(crypto["kdf"], crypto["kdfparams"], passphrase)
        cipher = bytes.fromhex(crypto["ciphertext"])
        if not hmac.compare_digest(keccak(derived[16:32] + cipher).hex(), crypto["mac"]):
            raise Unopened("the passphrase does not open it")
        return _aes_ctr(derived[:16], bytes.fromhex(crypto["cipherparams"]["iv"]), cipher)
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Unopened(f"not a keystore: {type(error).__name__}") from None


def _derived(kind: str, params: Mapping[str, Any], passphrase: str) -> bytes:
    if kind == "scrypt":
        return _scrypt(passphrase, params)
    if kind != "pbkdf2" or params["prf"] != "hmac-sha256":
        raise Unopened("a key derivation that is not known")
    salt = bytes.fromhex(params["salt"])
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, params["c"], params["dklen"])


def _scrypt(passphrase: str, params: Mapping[str, Any]) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(),
        salt=bytes.fromhex(params["salt"]),
        n=params["n"],
        r=params["r"],
        p=params["p"],
        dklen=params["dklen"],
        maxmem=MOST_MEMORY,
    )


def _aes_ctr(key: bytes, vector: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    worker = Cipher(algorithms.AES(key), modes.CTR(vector)).encryptor()
    return worker.update(data) + worker.finalize()
