"""Flux gives money to AI agents without giving them keys."""
