SELECT image_id, path, bytes FROM clean.images WHERE status = 'stored' AND path IS NOT NULL USING SAMPLE 50 ROWS
