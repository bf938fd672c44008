SELECT checked_at, name, found, sample FROM ops.checks ORDER BY passed, checked_at DESC LIMIT 20
