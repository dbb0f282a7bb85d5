-- The names of the checks that a check depends on, as its agent declares them, each on a line of its own. NULL: none.
ALTER TABLE track ADD COLUMN depends_on TEXT;
