-- Who hears of a page. The row is the one place of an address, which is bytes, so that the audit leaves it out; it is erased when
-- the subscriber leaves. `channel`: 'email', 'webhook', 'slack', 'teams', 'discord'. `secret` signs the calls of a webhook,
-- `former_secret` beside it until `former_until_ms`. `state`: 'unconfirmed', 'active', 'quarantined'. What it hears of: the
-- page, with `updates` ('all', 'outages'; NULL: not of the page), `components` (row keys, a line each; NULL: all),
-- `status_changes` and `monthly`; and the `incidents` and `windows` that it follows (row keys). `wants` says that the columns `wanted_…` hold
-- what somebody asked for in its name, until it is confirmed. `consent`: 'form', 'import', 'api'; `consent_note`: what an import
-- says of it. `asked_ms`: when a link was last sent. `refused_days`: days since 1970 on which mails to it were refused.
CREATE TABLE subscriber (
    workspace             INTEGER NOT NULL,
    key                   INTEGER NOT NULL,
    id                    TEXT    NOT NULL,
    page                  INTEGER NOT NULL,
    channel               TEXT    NOT NULL,
    address               BLOB    NOT NULL,
    secret                BLOB,
    former_secret         BLOB,
    former_until_ms       INTEGER,
    state                 TEXT    NOT NULL,
    updates               TEXT,
    components            TEXT,
    status_changes        INTEGER NOT NULL,
    monthly               INTEGER NOT NULL,
    incidents             TEXT    NOT NULL,
    windows               TEXT    NOT NULL,
    wants                 INTEGER NOT NULL,
    wanted_updates        TEXT,
    wanted_components     TEXT,
    wanted_status_changes INTEGER NOT NULL,
    wanted_monthly        INTEGER NOT NULL,
    wanted_incidents      TEXT,
    wanted_windows        TEXT,
    consent               TEXT    NOT NULL,
    consent_note          BLOB,
    created_ms            INTEGER NOT NULL,
    asked_ms              INTEGER,
    confirmed_ms          INTEGER,
    updated_ms            INTEGER NOT NULL,
    refused_days          TEXT,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    UNIQUE (workspace, page, channel, address),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- An address to which nothing is sent, since it bounced or its owner complained: a digest with a key that is not in this
-- database.
CREATE TABLE suppressed_address (
    workspace INTEGER NOT NULL,
    digest    BLOB    NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, digest)
) STRICT, WITHOUT ROWID;

-- One thing to be said. `subject` is the row key of what it is about, of the `kind` 'incident', 'postmortem', 'maintenance',
-- 'reminder', 'announcement' or 'status' (a component). `updates`: numbers of updates; `steps`: changes of a status as lines of an
-- instant, the status before and the status after; `components`: row keys. `edge`: 'start' or 'end' of an outage. `at_ms`: who
-- had confirmed by then hears it. At `due_ms` its deliveries are made; until then more joins it if `joins`. Subscribers up to the key `through` and those of `early`
-- were considered, `deliveries` made; `done_ms`: all are.
CREATE TABLE notice (
    workspace  INTEGER NOT NULL,
    key        INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    page       INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    subject    INTEGER NOT NULL,
    updates    TEXT    NOT NULL,
    steps      TEXT    NOT NULL,
    components TEXT    NOT NULL,
    edge       TEXT,
    at_ms      INTEGER NOT NULL,
    due_ms     INTEGER NOT NULL,
    joins      INTEGER NOT NULL,
    through    INTEGER NOT NULL,
    early      TEXT    NOT NULL,
    deliveries INTEGER NOT NULL,
    done_ms    INTEGER,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- One notice to one subscriber, or with `notice` NULL a `message` about its subscription ('confirm', 'manage'). The subscriber
-- may have left. `state`: 'queued', 'delivered', 'soft_bounced', 'hard_bounced', 'unsubscribed', 'failed', 'cancelled'. It is tried
-- at `next_ms`, those of a lower `priority` first. `answer`: the last answer, without the address.
CREATE TABLE delivery (
    workspace  INTEGER NOT NULL,
    key        INTEGER NOT NULL,
    id         TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    notice     INTEGER,
    subscriber INTEGER NOT NULL,
    channel    TEXT    NOT NULL,
    priority   INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    queued_ms  INTEGER NOT NULL,
    next_ms    INTEGER,
    updated_ms INTEGER NOT NULL,
    answer     TEXT,
    PRIMARY KEY (workspace, key),
    UNIQUE (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_due ON delivery (channel, priority, next_ms, queued_ms) WHERE next_ms IS NOT NULL;
CREATE INDEX delivery_of_notice ON delivery (workspace, notice, state);
CREATE INDEX delivery_of_subscriber ON delivery (workspace, subscriber);
CREATE INDEX delivery_age ON delivery (updated_ms);
