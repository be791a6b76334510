"""Trades done outside Flux, as far as the owner's allow-list goes."""
