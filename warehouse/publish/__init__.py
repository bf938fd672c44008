"""The copy for analysts, its search index and its dictionary."""
