-- stage_seen(entry_id, first_seen_at, last_seen_at): known entries that came again unchanged
MERGE INTO raw.entries t USING stage_seen s
ON t.entry_id = s.entry_id
WHEN MATCHED AND (s.first_seen_at < t.first_seen_at OR s.last_seen_at > t.last_seen_at) THEN UPDATE SET
    first_seen_at = least(t.first_seen_at, s.first_seen_at),
    last_seen_at = greatest(t.last_seen_at, s.last_seen_at)
