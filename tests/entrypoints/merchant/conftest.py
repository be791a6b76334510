"""One merchant for each test that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrypoints.merchant.shop import Shop, serving


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with serving(tmp_path) as open_shop:
        yield open_shop
