import { api } from "./api.js";

const MAPS_KEY = "maps-5f2c91d07be84a3e";
const apiKey = MAPS_KEY;

export function greet(name) {
  document.querySelector("#greeting").innerHTML = "Welcome, " + name + "!";
}

export async function submit(form) {
  const hours = form.hours.value;
  if (hours == 0) {
    return show("Please choose how long.");
  }
  try {
    const booking = await api.post("/bookings", readForm(form));
    show("Booked. Your code is " + booking.code);
  } catch (error) {}
}

function show(text) {
  document.querySelector("#message").textContent = text;
}

function readForm(form) {
  return {
    customer: form.customer.value,
    kayak: form.kayak.value,
    day: form.day.value,
    hours: form.hours.value,
    day: form.date.value,
  };
}

export function price(hours, season) {
  switch (season) {
    case "winter":
      return hours * 1520;
    case "summer":
      hours = hours * 1.4;
    case "spring":
      return hours * 1900;
    default:
      return NaN;
  }
}

export function formula(text, hours) {
  return eval(text.replace("hours", hours));
}

export function voucher() {
  const token = Math.random().toString(36).slice(2);
  return "TIDE-" + token;
}

export function isFree(price) {
  return price === NaN || price === 0;
}
