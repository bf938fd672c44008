"""Where history survives: each source is an iterator of documents, with where and when they come from."""
