"""From a document's bytes to entries."""
