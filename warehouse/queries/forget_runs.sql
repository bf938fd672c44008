-- Also killed runs, whose state is still `running`.
DELETE FROM ops.runs WHERE started_at < $1
