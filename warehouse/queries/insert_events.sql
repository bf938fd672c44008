-- stage_events: rows of ops.article_events but for their positions, in order. Only one transaction at a time comes here
-- (take_turn), so that no event gets a position below one that somebody has read.
INSERT INTO ops.article_events BY NAME
SELECT s.*, (SELECT coalesce(max(position), 0) FROM ops.article_events) + row_number() OVER () AS position
FROM stage_events s
