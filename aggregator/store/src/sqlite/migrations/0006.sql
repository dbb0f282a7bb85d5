-- When the file began to expect its present period and grace of a job, where it had expected others: what was
-- heard before counts as heard then.
ALTER TABLE heartbeat ADD COLUMN expected_since_ms INTEGER;
