"""From an entry to an article."""
