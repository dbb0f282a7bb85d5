-- Announcements: notices on pages, without an outage. `title` and `body` are as the sanitiser passed them, `written_title`
-- and `written` as their author wrote them, which is never published. `shown_from` and `shown_to` are calendar times, ms,
-- and do not move with the clock; `shown_to` NULL: until a person ends it. `began_ms` and `ended_ms`: when it appeared
-- and disappeared. `withdrawn`: a person ended it. `edited_ms`: when its words last changed while visitors saw them.
CREATE TABLE announcement (
    workspace        INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key              INTEGER NOT NULL,
    id               TEXT    NOT NULL,
    written_title    TEXT    NOT NULL,
    title            TEXT    NOT NULL,
    written          TEXT    NOT NULL,
    body             TEXT    NOT NULL,
    level            TEXT    NOT NULL,
    shown_from       INTEGER NOT NULL,
    shown_to         INTEGER,
    tell_subscribers INTEGER NOT NULL,
    created_ms       INTEGER NOT NULL,
    updated_ms       INTEGER NOT NULL,
    edited_ms        INTEGER,
    began_ms         INTEGER,
    ended_ms         INTEGER,
    withdrawn        INTEGER NOT NULL,
    author           TEXT,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id)
) STRICT, WITHOUT ROWID;

-- A page that shows an announcement.
CREATE TABLE announcement_page (
    workspace    INTEGER NOT NULL,
    announcement INTEGER NOT NULL,
    page         INTEGER NOT NULL,
    PRIMARY KEY (workspace, announcement, page),
    FOREIGN KEY (workspace, announcement) REFERENCES announcement (workspace, key) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
