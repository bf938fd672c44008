"""Backfills: each source of old articles is an iterator of documents, with their origin and date."""
