"""Reading for people: queries, the state of the warehouse, what changed in an article."""
