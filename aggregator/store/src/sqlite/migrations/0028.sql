-- Days since 1970 on which its mailbox was full, one a line.
ALTER TABLE subscriber ADD COLUMN full_days TEXT;
-- A line of `steps` of a notice may end with the key of the notice of an incident or of maintenance that says the same.
-- `planned_from` and `planned_to` of an entry of a planned window are the times of then for written texts, too.
