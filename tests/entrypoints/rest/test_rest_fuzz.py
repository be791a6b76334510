"""F15, 123: whatever is sent, the server keeps to its description and to its ledger."""

from __future__ import annotations

from flux_cli.domain.api_keys import Scope
from tests.entrypoints.rest.client import Client
from tests.entrypoints.rest.conftest import Served
from tests.entrypoints.rest.fuzz import Campaign


def test_123_no_request_breaks_the_server_or_its_description(served: Served, pair: Client) -> None:
    campaign = Campaign(served.port, served.key(Scope.ADMIN))
    campaign.run(1600, 1)

    assert campaign.faults == []
    assert campaign.sent >= 1400
    assert {200, 201, 404, 422} <= set(campaign.statuses)
    assert [facts for _, facts in served.log if "error" in facts] == []
