-- The labels of a check, as its agent declares them, each `name=value` on a line of its own. NULL: none.
ALTER TABLE track ADD COLUMN labels TEXT;

-- The labels by which a component chooses its checks, as above. NULL: its checks are named, or there are none.
-- `selector_minor`: an outage of a chosen check only degrades the component.
ALTER TABLE component ADD COLUMN selector TEXT;
ALTER TABLE component ADD COLUMN selector_minor INTEGER NOT NULL DEFAULT 0;

-- When labels chose the checks of a component: nothing is known of it while they chose none.
CREATE TABLE component_selection (
    workspace INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    component INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, component, from_ms),
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
