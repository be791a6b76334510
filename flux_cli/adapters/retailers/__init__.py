"""Shops: three simulated ones, those added from feeds, and the checkout they all speak."""
