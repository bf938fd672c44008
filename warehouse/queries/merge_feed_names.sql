-- stage_names(feed_id, name): the feeds of a batch. Those that only a backfill knows get a row; names of feeds.toml stay.
MERGE INTO ops.feeds t USING stage_names s
ON t.feed_id = s.feed_id
WHEN MATCHED AND t.name IS NULL THEN UPDATE SET name = s.name
WHEN NOT MATCHED THEN INSERT BY NAME
