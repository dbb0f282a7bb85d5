-- Tokens of the REST API. `token_hash`: BLAKE3 of the secret, which is shown once. `scopes`: a line each, such as
-- `incidents` or `components:read`; NULL: everything that the role may. `pages`: ids of pages, a line each; NULL: all.
CREATE TABLE api_token (
    workspace  INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key        INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    role       TEXT    NOT NULL,
    scopes     TEXT,
    pages      TEXT,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    UNIQUE (workspace, name)
) STRICT, WITHOUT ROWID;

-- Answers to requests with an `Idempotency-Key`, kept for a day. `kind` and `subject`: the answer, such as `incident`
-- and its key. The token may be gone.
CREATE TABLE answered_request (
    workspace       INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    token           INTEGER NOT NULL,
    idempotency_key TEXT    NOT NULL,
    digest          BLOB    NOT NULL,
    kind            TEXT    NOT NULL,
    subject         INTEGER,
    at_ms           INTEGER NOT NULL,
    PRIMARY KEY (workspace, token, idempotency_key)
) STRICT, WITHOUT ROWID;
