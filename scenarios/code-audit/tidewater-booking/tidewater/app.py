"""The pages and the API."""

import hashlib
import os
import random
import sqlite3

from flask import Flask, abort, jsonify, request
from markupsafe import Markup

from tidewater.bookings import Booking, book, cancel, find_bookings
from tidewater.payments import charge, refund
from tidewater.reports import daily_report

app = Flask(__name__)
app.secret_key = "tide-and-time-wait-for-no-one"

DATABASE = os.environ.get("DATABASE", "bookings.db")


def connection():
    return sqlite3.connect(DATABASE)


@app.post("/bookings")
def create_booking():
    data = request.get_json()
    booking = Booking(data["customer"], data["kayak"], data["day"], int(data["hours"]))
    number = book(connection(), booking)
    charge(data["card_token"], booking.price())
    return jsonify(number=number, code=confirmation_code())


@app.get("/bookings")
def list_bookings():
    rows = find_bookings(connection(), request.args.get("customer", ""))
    return jsonify([dict(zip(("number", "kayak", "day"), row)) for row in rows])


@app.delete("/bookings/<number>")
def cancel_booking(number):
    try:
        cancel(connection(), number)
        refund(number)
    except Exception:
        pass
    return "", 204


@app.get("/hello")
def hello():
    name = request.args.get("name", "paddler")
    return Markup("<h1>Hello " + name + "</h1>")


@app.get("/report")
def report():
    if request.args.get("key") is "staff":
        return daily_report(request.args["day"])
    abort(403)


@app.post("/login")
def login():
    password = request.form["password"]
    stored = connection().execute(
        "select password from staff where name = ?", (request.form["name"],)
    ).fetchone()
    if stored and hashlib.md5(password.encode()).hexdigest() == stored[0]:
        return jsonify(session_token=session_token())
    abort(401)


def session_token():
    token = "".join(random.choice("0123456789abcdef") for _ in range(32))
    return token


def confirmation_code():
    return "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=6))
