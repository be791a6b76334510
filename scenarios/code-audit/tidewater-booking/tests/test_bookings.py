"""What has to stay true."""

import sqlite3

import pytest

from tidewater.bookings import Booking, book, season

STAFF_PASSWORD = "only-for-tests"


@pytest.fixture
def connection():
    made = sqlite3.connect(":memory:")
    made.execute("create table bookings (number integer primary key, customer, kayak, day, hours, extras)")
    return made


def test_summer_is_dear():
    assert Booking("Ada", "K1", "2026-07-01", 2).price() == 5320


def test_a_day_that_is_none():
    with pytest.raises(Exception):
        season("the day after tomorrow")


def test_numbers_count_up(connection):
    first = book(connection, Booking("Ada", "K1", "2026-07-01", 2))
    assert book(connection, Booking("Bo", "K2", "2026-07-01", 2)) == first + 1
