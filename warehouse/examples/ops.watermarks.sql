SELECT source, location, documents, finished_at FROM ops.watermarks ORDER BY updated_at DESC
