"""From milled documents to rows."""
