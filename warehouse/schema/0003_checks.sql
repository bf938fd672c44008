-- What is asserted of the warehouse after each load, and whether it held.

CREATE TABLE ops.checks (
    run_id VARCHAR,
    name VARCHAR,
    checked_at TIMESTAMPTZ,
    passed BOOLEAN,
    found BIGINT,
    sample VARCHAR[],
    asserts VARCHAR,
    seconds DOUBLE
);
COMMENT ON TABLE ops.checks IS 'What each run asserted of the warehouse after it had loaded. Key: run_id, name.';
COMMENT ON COLUMN ops.checks.run_id IS 'The run that checked; ops.runs.run_id';
COMMENT ON COLUMN ops.checks.name IS 'The check: its file in warehouse/checks, or content_hashes';
COMMENT ON COLUMN ops.checks.checked_at IS 'When, UTC';
COMMENT ON COLUMN ops.checks.passed IS 'Whether nothing was found that contradicts it';
COMMENT ON COLUMN ops.checks.found IS 'How many rows contradict it';
COMMENT ON COLUMN ops.checks.sample IS 'Some of those, the first five by name: an article_id, an image_id, a run_id, with what is wrong';
COMMENT ON COLUMN ops.checks.asserts IS 'What is asserted, in words';
COMMENT ON COLUMN ops.checks.seconds IS 'How long it took';
