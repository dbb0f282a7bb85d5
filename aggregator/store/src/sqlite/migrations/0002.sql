-- Agents that are enrolled by a token of one use, set aside, renamed; what they tell of themselves.

-- active, disabled (known, and not taken for now) or revoked (its credential opens nothing).
ALTER TABLE agent ADD COLUMN standing TEXT NOT NULL DEFAULT 'active';
-- Its batches may still speak of it by this name.
ALTER TABLE agent ADD COLUMN former_name TEXT;
-- When two of it were last refused.
ALTER TABLE agent ADD COLUMN cloned_ms INTEGER;

-- From the last batch of this spool.
ALTER TABLE agent_epoch ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_epoch ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_epoch ADD COLUMN oldest_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_epoch ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_epoch ADD COLUMN set_aside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_epoch ADD COLUMN lateness_ms INTEGER NOT NULL DEFAULT 0;

-- Tokens that make one credential each; kept a while after their end, so that a second use is named.
CREATE TABLE enrolment (
    token_hash BLOB    PRIMARY KEY,
    workspace  INTEGER NOT NULL REFERENCES workspace,
    agent      INTEGER NOT NULL REFERENCES agent,
    until_ms   INTEGER NOT NULL,
    used_ms    INTEGER
) STRICT, WITHOUT ROWID;
