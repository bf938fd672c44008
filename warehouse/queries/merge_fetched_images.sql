MERGE INTO clean.images t USING stage_fetched_images s
ON t.image_id = s.image_id
WHEN MATCHED AND t.status <> 'stored' THEN UPDATE SET
    status = s.status, media_type = s.media_type, width = s.width, height = s.height, bytes = s.bytes,
    sha256 = s.sha256, path = s.path, attempts = s.attempts, error = s.error, fetched_at = s.fetched_at
