"""F15, 123: whatever is sent, the server keeps to its description and to its ledger."""

from __future__ import annotations

import pytest

from flux_cli.domain.api_keys import Scope
from tests.entrypoints.rest.client import Client
from tests.entrypoints.rest.conftest import Served
from tests.entrypoints.rest.fuzz import Campaign

WITH_KEY, WITHOUT, PARTS = 1600, 400, 4

pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize("part", range(PARTS))
def test_123_no_request_breaks_the_server_or_its_description(
    served: Served, pair: Client, part: int
) -> None:
    campaign = Campaign(served.port, served.key(Scope.ADMIN))
    campaign.run(WITH_KEY // PARTS, part, part, PARTS)

    assert campaign.faults == []
    assert campaign.sent >= WITH_KEY // PARTS * 0.9
    assert {200, 404, 422} <= set(campaign.statuses)
    assert not [status for status in campaign.statuses if status >= 500]


def test_120_nobody_without_a_key_has_any_effect(served: Served, pair: Client) -> None:
    def place() -> tuple[int, int]:
        with served.deps.store.reading() as reader:
            return reader.position(), len(reader.events())

    before = place()
    campaign = Campaign(served.port, None)
    campaign.run(WITHOUT, 2)

    assert campaign.faults == []
    assert campaign.sent >= WITHOUT * 0.9
    assert place() == before
    # The two that anybody may ask, and for the rest 401, or 429 for asking too often.
    assert set(campaign.statuses) <= {200, 401, 405, 429}
