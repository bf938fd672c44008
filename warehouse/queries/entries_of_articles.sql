-- stage_ids(id): articles. Their entries.
SELECT entry_id FROM raw.entries SEMI JOIN stage_ids s ON article_id = s.id
