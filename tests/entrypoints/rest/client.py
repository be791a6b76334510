"""A client of one served ledger, with nothing of ours in it: `http.client` and JSON."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 60


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The document in it."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The problem's stable code."""
        return str(self.json["code"])


@dataclass(frozen=True)
class Client:
    """Speaks to a server on loopback with a key, or with none."""

    port: int
    key: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def send(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> Reply:
        """One request; a body that is no text is sent as JSON, a write with a key of its own."""
        sent = dict(self.headers)
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        if method in ("POST", "PUT") and key != "":
            sent["Idempotency-Key"] = key or uuid.uuid4().hex
        data: Any = body
        if body is not None and not isinstance(body, str | bytes):
            data = json.dumps(body)
        if data is not None:
            sent["Content-Type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, named, text)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        """Read."""
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Reply:
        """Write; without a body an empty object is sent."""
        return self.send("POST", path, {} if body is None else body, key, **headers)

    def put(self, path: str, body: Any, key: str | None = None) -> Reply:
        """Put in place."""
        return self.send("PUT", path, body, key)
