SELECT * FROM ops.article_events
