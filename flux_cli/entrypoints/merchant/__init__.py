"""A SIMULATED merchant over HTTP: whoever has a card's details can buy, with any HTTP client."""
