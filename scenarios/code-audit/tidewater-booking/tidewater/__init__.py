"""Kayak bookings."""

from tidewater.bookings import Booking, book, find_bookings

__all__ = ["Booking", "book", "find_bookings"]
