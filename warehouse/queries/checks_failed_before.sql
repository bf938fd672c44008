-- The quality checks that failed when they were last made, the run $run left out.
SELECT name FROM ops.checks WHERE run_id <> $run GROUP BY name HAVING NOT arg_max(passed, checked_at)
