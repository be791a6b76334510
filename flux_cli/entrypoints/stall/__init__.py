"""A small seller by HTTP 402, as an HTTP server."""
