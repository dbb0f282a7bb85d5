-- Who sets what happens to incidents by itself, and what texts must not contain: `file` or `runtime`.
ALTER TABLE workspace ADD COLUMN incidents_origin TEXT NOT NULL DEFAULT 'file';
ALTER TABLE workspace ADD COLUMN sanitiser_origin TEXT NOT NULL DEFAULT 'file';
