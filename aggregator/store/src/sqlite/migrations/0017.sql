-- Templates of incidents. `page` NULL: for every page. `origin`: 'file' or 'runtime'. `name` is unique among the templates
-- of a page, or of every page. `title` and `body` are as the sanitiser passed them, with placeholders such as {{page}};
-- `written_title` and `written` as their author wrote them, which is never published. `update_status`: the state that an
-- incident or maintenance gets with it.
CREATE TABLE incident_template (
    workspace     INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key           INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    page          INTEGER,
    origin        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    written_title TEXT    NOT NULL,
    title         TEXT    NOT NULL,
    written       TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    update_status TEXT,
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL,
    author        TEXT,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- A component that a template names.
CREATE TABLE incident_template_component (
    workspace         INTEGER NOT NULL,
    incident_template INTEGER NOT NULL,
    component         INTEGER NOT NULL,
    PRIMARY KEY (workspace, incident_template, component),
    FOREIGN KEY (workspace, incident_template) REFERENCES incident_template (workspace, key) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
