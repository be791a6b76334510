"""A shop's desk with a clock that tests set, and the requests a buyer sends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flux_cli.adapters.retailers.acp_form import Reply
from flux_cli.adapters.retailers.amazon import RETAILER
from flux_cli.adapters.retailers.desk import Desk
from flux_cli.adapters.retailers.directory import ShopFolder

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SKU = "A1002-12"


class At:
    """A desk and the time it is there."""

    def __init__(self, folder: Path) -> None:
        self.time = NOW
        self.folder = folder
        self.desk = self.again()

    def again(self) -> Desk:
        """The desk of a process started anew."""
        self.desk = ShopFolder(self.folder, lambda: self.time).desk(RETAILER)
        return self.desk

    def put(self, path: str, body: dict[str, Any]) -> Reply:
        return self.desk.handle("PUT", path, "", body)

    def patch(self, path: str, body: dict[str, Any]) -> Reply:
        return self.desk.handle("PATCH", path, "", body)

    def get(self, path: str) -> Reply:
        return self.desk.handle("GET", path, "", {})

    def post(self, path: str, key: str, body: dict[str, Any] | None = None) -> Reply:
        return self.desk.handle("POST", path, key, {} if body is None else body)

    def basket(self, *items: tuple[str, int], key: str = "k1") -> Reply:
        lines = [{"id": sku, "quantity": count} for sku, count in items]
        body = {"line_items": lines, "currency": "usd", "capabilities": {}}
        return self.post("/checkout_sessions", key, body)

    def leave(self, session: str, most: int, key: str = "leave", **changed: Any) -> Reply:
        allowance: dict[str, Any] = {
            "reason": "one_time",
            "max_amount": most,
            "currency": "usd",
            "checkout_session_id": session,
            "merchant_id": "amazon",
            "expires_at": (self.time + timedelta(hours=1)).isoformat(),
        } | changed
        whole = {name: value for name, value in allowance.items() if value is not None}
        body = {"allowance": whole, "metadata": {"hold": "pi_1"}}
        return self.post("/agentic_commerce/delegate_payment", key, body)

    def complete(self, session: str, token: str, key: str = "pay") -> Reply:
        credential = {"type": "token", "token": token}
        data = {
            "handler_id": "delegated_token",
            "instrument": {"type": "card", "credential": credential},
        }
        return self.post(f"/checkout_sessions/{session}/complete", key, {"payment_data": data})


def total(body: dict[str, Any]) -> int:
    return next(one["amount"] for one in body["totals"] if one["type"] == "total")
