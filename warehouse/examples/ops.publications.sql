SELECT published_at, kind, rows_copied FROM ops.publications ORDER BY published_at DESC
