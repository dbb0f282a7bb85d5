-- When a token of the REST API was last used, to the hour; NULL: never.
ALTER TABLE api_token ADD COLUMN used_ms INTEGER;

-- A person said that the problem does not belong to the incident.
ALTER TABLE incident_problem ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
