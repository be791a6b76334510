"""Requests made from the OpenAPI description by schemathesis, sent to a served ledger.

Half of them are what the description allows, half are not. Names and ids of things that are there
are put in their places, so that requests also get beyond the door.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

AGENTS = ("alice", "bob", "orchestrator")
NAMES = frozenset({"from_agent", "to_agent", "agent", "name", "evaluator", "payee"})
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MOST_KNOWN = 200
SLOW = frozenset({"/api/orchestrate"})
"""A cart is solved for, so it gets a tenth of the requests."""


@dataclass
class Campaign:
    """What was sent, what came back, and everything that should not have."""

    port: int
    key: str | None
    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=dict)

    def run(self, cases: int, number: int, part: int = 0, parts: int = 1) -> None:
        """Send about `cases` requests, spread over every operation of this part of all."""
        url = f"http://127.0.0.1:{self.port}"
        schema = schemathesis.openapi.from_dict(requests.get(f"{url}/openapi.json").json())
        operations = [found.ok() for found in schema.get_all_operations()][part::parts]
        shares = [0.1 if one.path in SLOW else 1.0 for one in operations]
        session = requests.Session()
        chance = random.Random(number)
        for operation, share in zip(operations, shares, strict=True):
            many = max(2, round(cases * share / sum(shares)))

            @seed(number)
            @settings(
                max_examples=many,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(
                st.one_of(
                    operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
                    operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
                )
            )
            def attempt(case: Case) -> None:
                self._attempt(case, session, url, chance)

            attempt()

    def _attempt(
        self, case: Case, session: requests.Session, url: str, chance: random.Random
    ) -> None:
        negative = case.meta is not None and case.meta.generation.mode is GenerationMode.NEGATIVE
        if not negative:
            self._place(case, chance)
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        if case.path == "/v1/events":
            case.query = {**(case.query if isinstance(case.query, dict) else {}), "follow": "false"}
        response = case.call(
            base_url=url, session=session, headers=headers, allow_redirects=False, timeout=60
        )
        self.sent += 1
        self.statuses[response.status_code] += 1
        self._learn(case, response)
        checks = [*CHECKS, negative_data_rejection] if negative and self.key else CHECKS
        try:
            case.validate_response(response, checks=checks)
        except BaseException as error:  # a group of what each check found
            what = f"{case.method} {case.path} {response.status_code}: {error!r}"
            self.faults.append(
                f"{what}\n{getattr(error, 'exceptions', '')}\n{case.as_curl_command()}"
            )

    def _place(self, case: Case, chance: random.Random) -> None:
        """Put what is there where something is named, three times of four."""
        if isinstance(case.body, dict):
            for name in NAMES & case.body.keys():
                if isinstance(case.body[name], str) and chance.random() < 0.75:
                    case.body[name] = chance.choice(AGENTS)
            if "amount" in case.body and chance.random() < 0.75:
                case.body["amount"] = f"{chance.randrange(3)}.{chance.randrange(100):02}"
        if isinstance(case.path_parameters, dict):
            for name in case.path_parameters:
                there = list(AGENTS) if name == "name" else self.known.get(name, [])
                if there and chance.random() < 0.75:
                    case.path_parameters[name] = chance.choice(there)

    def _learn(self, case: Case, response: Any) -> None:
        if not 200 <= response.status_code < 300 or "json" not in str(response.headers):
            return
        found = response.json()
        for one in found.get("data", [found]):
            if isinstance(one, dict) and isinstance(one.get("id"), str) and "object" in one:
                ids = self.known.setdefault(f"{one['object']}_id", [])
                if len(ids) < MOST_KNOWN:
                    ids.append(one["id"])
