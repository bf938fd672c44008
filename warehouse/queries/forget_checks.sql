DELETE FROM ops.checks WHERE checked_at < $1
