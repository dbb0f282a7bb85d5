-- The look that the owner of a page gives it; a page that has none has no row. `color` and `color_dark`: of links and
-- buttons in the two schemes, such as '#1a2b3c'. `theme`: 'auto', 'light' or 'dark'. `groups`: which are open at first,
-- 'by_state', 'open' or 'folded'. `header` and `footer` are as the sanitiser passed them, `written_header` and
-- `written_footer` as their author wrote them, which is never published. `links` has a line for each: the address, a blank
-- and the text. `css` was checked when it was configured.
CREATE TABLE page_branding (
    workspace      INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    page           INTEGER NOT NULL,
    color          TEXT,
    color_dark     TEXT,
    theme          TEXT    NOT NULL,
    groups         TEXT    NOT NULL,
    compact        INTEGER NOT NULL,
    affected_first INTEGER NOT NULL,
    written_header TEXT,
    header         TEXT,
    written_footer TEXT,
    footer         TEXT,
    links          TEXT    NOT NULL,
    css            TEXT,
    PRIMARY KEY (workspace, page),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- An image of a page. `purpose`: 'logo', 'logo_dark' or 'favicon'. `format`: 'png', 'svg', 'webp' or 'ico'.
CREATE TABLE page_image (
    workspace INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    page      INTEGER NOT NULL,
    purpose   TEXT    NOT NULL,
    format    TEXT    NOT NULL,
    bytes     BLOB    NOT NULL,
    PRIMARY KEY (workspace, page, purpose),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
