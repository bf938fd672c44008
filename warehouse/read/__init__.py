"""Reading for people: a query, the state of things, what changed in an article."""
