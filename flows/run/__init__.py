"""A run: what it reports, how it is recorded and shown, how it ends."""
