"""x402 over HTTP: its three headers, and asking a seller."""
