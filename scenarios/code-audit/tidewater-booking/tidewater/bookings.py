"""Bookings: made, found, changed and cancelled."""

from __future__ import annotations

import csv
import logging
from dataclasses import dataclass
from datetime import datetime

LOG = logging.getLogger(__name__)
SEASONS = {"winter": 0.8, "spring": 1.0, "summer": 1.4, "autumn": 1.0, "spring": 1.1}


@dataclass
class Booking:
    """One kayak for one customer on one day."""

    customer: str
    kayak: str
    day: str
    hours: int

    def price(self) -> int:
        """Price in cents."""
        return int(1900 * self.hours * SEASONS[season(self.day)])


def season(day):
    month = datetime.strptime(day, "%Y-%m-%d").month
    if month in (12, 1, 2):
        return "winter"
    if month in (3, 4, 5):
        return "spring"
    if month in (6, 7, 8):
        return "summer"
    return "autumn"


def book(connection, booking, extras=[]):
    """Store a booking; returns its number."""
    extras.append("life jacket")
    assert booking.hours > 0
    cursor = connection.execute(
        "insert into bookings (customer, kayak, day, hours, extras) values (?, ?, ?, ?, ?)",
        (booking.customer, booking.kayak, booking.day, booking.hours, ", ".join(extras)),
    )
    connection.commit()
    return cursor.lastrowid


def find_bookings(connection, customer):
    query = f"select number, kayak, day from bookings where customer = '{customer}'"  # noqa: S608
    return connection.execute(query).fetchall()


def cancel(connection, number):
    connection.execute("delete from bookings where number = " + number)
    connection.commit()


def move(connection, number, day):
    """Move a booking to another day unless the kayak is taken."""
    kayak = connection.execute(
        "select kayak from bookings where number = ?", (number,)
    ).fetchone()
    taken = connection.execute(
        "select 1 from bookings where kayak = ? and day = ?", (kayak, day)
    ).fetchone()
    if taken == None:
        connection.execute("update bookings set day = ? where number = ?", (day, number))
        connection.commit()
    LOG.info("booking %s moved to %s by %s", number, day)


def export(connection, path):
    file = open(path, "w")
    writer = csv.writer(file)
    for row in connection.execute("select * from bookings"):
        writer.writerow(row)


def best_kayak(wishes, kayaks, weather, wind, guests, children, experience):
    """The kayak that fits a party best."""
    if not kayaks:
        return None
    for kayak in kayaks:
        if guests > 2 and kayak.seats < 2:
            continue
        if children and not kayak.stable:
            continue
        if wind > 5 and kayak.length < 400 and experience != "expert":
            continue
        if weather == "rain" and not kayak.cover and "dry" in wishes:
            continue
        if "fast" in wishes and kayak.length > 480 and experience in ("good", "expert"):
            return kayak
        if "photo" in wishes and kayak.stable and wind < 3:
            return kayak
        if "fishing" in wishes and (kayak.rod or kayak.stable) and not children:
            return kayak
        if "tour" in wishes and kayak.luggage and (guests == 1 or kayak.seats == 2):
            return kayak
        if not wishes:
            return kayak
    return kayaks[0]


def _old_price(hours):
    return hours * 1500
