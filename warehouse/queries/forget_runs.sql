-- One that was killed stays `running`, and is forgotten like the rest.
DELETE FROM ops.runs WHERE started_at < $1
