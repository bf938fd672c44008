MERGE INTO ops.feeds t USING stage_rhythms s
ON t.feed_id = s.feed_id
WHEN MATCHED THEN UPDATE SET
    newest_at = s.newest_at,
    gap_seconds = s.gap_seconds,
    turnover_seconds = s.turnover_seconds,
    usual_silence_seconds = s.usual_silence_seconds
