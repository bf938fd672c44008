MERGE INTO ops.fetches t USING stage_fetches s
ON t.run_id = s.run_id AND t.feed_id = s.feed_id
WHEN MATCHED THEN UPDATE
WHEN NOT MATCHED THEN INSERT BY NAME
