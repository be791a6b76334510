"""django-hordak on the same PostgreSQL server: double entry as a Python library keeps it.

It checks by trigger that legs balance, as ours does; it has no idempotency keys and stores no
balances (it sums the legs when asked), which ours does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from peers import WALLETS, NotMeasured, Taken, batches, wallet_number
from peers.postgres import Cluster

TEMPLATE = "hordak_migrated"
WHOLE = 1
"""Euros in a transfer; hordak counts decimals, not smallest units."""


def set_up(server: Cluster) -> None:
    """Configure Django once, and migrate a database that every run then copies."""
    try:
        import django
        import hordak  # noqa: F401 - only to know that it is there
        from django.conf import settings
    except ImportError as error:
        raise NotMeasured(f"{error.name} is not installed: pip install '.[bench]'") from error
    with server.connect() as connection:
        connection.execute(f"create database {TEMPLATE}")
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": str(server.sockets),
                "USER": "bench",
                "NAME": TEMPLATE,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "mptt",
            "django_extensions",
            "hordak",
        ],
        USE_TZ=True,
        CURRENCIES=["EUR"],
        HORDAK_CURRENCIES=["EUR"],
        DEFAULT_CURRENCY="EUR",
    )
    django.setup()
    from django.core.management import call_command
    from django.db import connection as database

    call_command("migrate", verbosity=0)
    make_accounts()
    database.close()


def make_accounts() -> None:
    """The world, an income account, and the wallets, assets."""
    from hordak.models import Account, AccountType

    Account.objects.create(name="world", code="0", type=AccountType.income, currencies=["EUR"])
    for number in range(1, WALLETS + 1):
        Account.objects.create(
            name=f"wallet {number}", code=str(number), type=AccountType.asset, currencies=["EUR"]
        )


@contextmanager
def connected(server: Cluster, name: str) -> Iterator[list[Any]]:
    """Django on a fresh copy of the migrated database; gives the accounts by number."""
    from django.db import connection
    from hordak.models import Account

    with server.database(name, TEMPLATE):
        connection.settings_dict["NAME"] = name
        try:
            yield sorted(Account.objects.all(), key=lambda account: int(account.code))
        finally:
            connection.close()


def single(server: Cluster, directory: Path, n: int) -> Taken:
    """`n` calls of `Account.transfer_to`, which commits each."""
    from moneyed import Money

    with connected(server, directory.name) as accounts:
        amount = Money(WHOLE, "EUR")
        work = [accounts[wallet_number(i)] for i in range(n)]
        began = perf_counter()
        for wallet in work:
            accounts[0].transfer_to(wallet, amount)
        seconds = perf_counter() - began
        check(accounts[0], n)
        return Taken(seconds, server.stored_bytes(directory.name))


def batched(server: Cluster, directory: Path, n: int) -> Taken:
    """`n` transfers, `BATCH` of them bulk-created in an atomic block, as hordak's own command."""
    from django.db.transaction import atomic
    from hordak.models import Leg, Transaction
    from moneyed import Money

    with connected(server, directory.name) as accounts:
        amount = Money(WHOLE, "EUR")
        work = []
        for batch in batches(n):
            moved = [Transaction() for _ in batch]
            legs = []
            for transaction, i in zip(moved, batch, strict=True):
                legs.append(Leg(transaction=transaction, account=accounts[0], credit=amount))
                wallet = accounts[wallet_number(i)]
                legs.append(Leg(transaction=transaction, account=wallet, debit=amount))
            work.append((moved, legs))
        began = perf_counter()
        for moved, legs in work:
            with atomic():
                Transaction.objects.bulk_create(moved)
                Leg.objects.bulk_create(legs)
        seconds = perf_counter() - began
        check(accounts[0], n)
        return Taken(seconds, server.stored_bytes(directory.name))


def check(world: Any, n: int) -> None:
    """Make sure that the work was done."""
    from hordak.models import Leg
    from moneyed import Money

    found = [money for money in world.get_balance().monies() if money.amount]
    legs = Leg.objects.count()
    expected = [Money(n * WHOLE, "EUR")] if n else []
    assert (found, legs) == (expected, 2 * n), f"hordak lost a transfer: {found}, {legs} legs"
