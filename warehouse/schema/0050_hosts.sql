-- Hosts that asked to be left alone, so that later runs leave them alone, too.

CREATE TABLE ops.hosts (
    host VARCHAR,
    refused_until TIMESTAMPTZ,
    status INTEGER,
    refused_at TIMESTAMPTZ,
    run_id VARCHAR
);
COMMENT ON TABLE ops.hosts IS 'Hosts that answered 429 or 503 and when they may be asked again: for feeds, images and pages. Key: host.';
COMMENT ON COLUMN ops.hosts.host IS 'Its name, with a port that is not the scheme''s own';
COMMENT ON COLUMN ops.hosts.refused_until IS 'Nothing of it is asked for before then: as Retry-After said, else 15 minutes after 429';
COMMENT ON COLUMN ops.hosts.status IS 'What it answered';
COMMENT ON COLUMN ops.hosts.refused_at IS 'When it did, the last time';
COMMENT ON COLUMN ops.hosts.run_id IS 'The run that it answered (ops.runs)';
