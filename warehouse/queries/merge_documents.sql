MERGE INTO raw.documents t USING stage_documents s
ON t.document_id = s.document_id AND t.feed_id = s.feed_id AND t.fetched_at = s.fetched_at
WHEN NOT MATCHED THEN INSERT BY NAME
