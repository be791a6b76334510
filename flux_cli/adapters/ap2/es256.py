"""ES256 and nothing else: keys as JWK or PEM, tokens signed and checked (RFC 7515, RFC 7518)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flux_cli.adapters.ap2.faults import Fault
from flux_cli.adapters.ap2.strict_json import Json, from_b64url, from_json, to_b64url, to_json
from flux_cli.errors import InvalidInput, StorageFailed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

SIZE = 32
"""Bytes of a coordinate of P-256, and of each half of a signature."""

LARGEST_KEY_FILE = 10_000


def own_key(path: Path) -> EllipticCurvePrivateKey:
    """The owner's signing key, made 0600 if it is not there. Raises `StorageFailed`."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        if not path.exists():
            made = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(made)
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise StorageFailed(f"{path} holds no key that can be used", subject=str(path)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise StorageFailed(f"{path} holds no P-256 key", subject=str(path))
    return key


def public_jwk(key: EllipticCurvePrivateKey) -> Json:
    """The public half of a key, as a JWK."""
    numbers = key.public_key().public_numbers()
    x, y = (to_b64url(number.to_bytes(SIZE, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def key_file(data: bytes, param: str) -> Json:
    """A public key from a file's bytes, JWK or PEM, as a JWK. Raises `InvalidInput`."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        if len(data) > LARGEST_KEY_FILE:
            raise ValueError("too large")
        if not data.lstrip().startswith(b"-----"):
            found = from_json(data, "key")
            read_jwk(found, "key")
            return {name: found[name] for name in ("crv", "kty", "x", "y")}
        if b"PRIVATE" in data:
            raise InvalidInput("that is a private key: give the public one", param=param)
        key = serialization.load_pem_public_key(data)
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("another curve")
    except (Fault, ValueError) as error:
        raise InvalidInput(f"no P-256 public key, JWK or PEM: {error}", param=param) from None
    numbers = key.public_numbers()
    x, y = (to_b64url(number.to_bytes(SIZE, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def read_jwk(jwk: Any, field: str) -> EllipticCurvePublicKey:
    """A public key; raises `Fault` for any that is not on P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(jwk, dict) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise Fault("key", field, "a key is EC on P-256")
    if "d" in jwk:
        raise Fault("key", f"{field}.d", "a private key is not shown")
    if jwk.get("alg", "ES256") != "ES256":
        raise Fault("algorithm", f"{field}.alg", "ES256 is the one algorithm")
    numbers = []
    for name in ("x", "y"):
        data = from_b64url(str(jwk.get(name)), f"{field}.{name}")
        if len(data) != SIZE:
            raise Fault("key", f"{field}.{name}", f"a coordinate has {SIZE} bytes")
        numbers.append(int.from_bytes(data, "big"))
    try:
        return ec.EllipticCurvePublicNumbers(numbers[0], numbers[1], ec.SECP256R1()).public_key()
    except ValueError:
        raise Fault("key", field, "the point is not on the curve") from None


def signed(key: EllipticCurvePrivateKey, typ: str, payload: Json) -> str:
    """A compact token over the payload."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    head = to_b64url(to_json({"alg": "ES256", "typ": typ}))
    text = f"{head}.{to_b64url(to_json(payload))}"
    r, s = decode_dss_signature(key.sign(text.encode("ascii"), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{to_b64url(r.to_bytes(SIZE, 'big') + s.to_bytes(SIZE, 'big'))}"


def checked(token: str, key: EllipticCurvePublicKey, field: str) -> tuple[str, Json]:
    """(typ, payload) of a token that this key signed. Raises `Fault`.

    The algorithm is ours to say: what the header names is only compared with it.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    parts = token.split(".")
    if len(parts) != 3:
        raise Fault("malformed", field, "a token is header.payload.signature")
    header = from_json(from_b64url(parts[0], f"{field}.header"), f"{field}.header")
    if not isinstance(header, dict) or header.get("alg") != "ES256":
        raise Fault("algorithm", f"{field}.header.alg", "ES256 is the one algorithm")
    if "crit" in header:
        raise Fault("malformed", f"{field}.header.crit", "no extension is known")
    if not isinstance(header.get("typ"), str):
        raise Fault("malformed", f"{field}.header.typ", "a token says what it is")
    signature = from_b64url(parts[2], f"{field}.signature")
    if len(signature) != 2 * SIZE:
        raise Fault("signature", f"{field}.signature", f"it has {2 * SIZE} bytes")
    r, s = (int.from_bytes(half, "big") for half in (signature[:SIZE], signature[SIZE:]))
    text = f"{parts[0]}.{parts[1]}".encode("ascii")
    try:
        key.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Fault("signature", f"{field}.signature", "the key did not sign this") from None
    payload = from_json(from_b64url(parts[1], f"{field}.payload"), f"{field}.payload")
    if not isinstance(payload, dict):
        raise Fault("malformed", f"{field}.payload", "a payload is an object")
    return header["typ"], payload
