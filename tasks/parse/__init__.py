"""From the bytes of a document to entries."""
