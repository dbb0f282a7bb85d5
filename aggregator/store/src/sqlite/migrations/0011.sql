-- Who owns the settings of pages, groups and components: the configuration file, or those who made them at run time.
-- What was made at run time has its id as `file_key`.

ALTER TABLE page ADD COLUMN origin TEXT NOT NULL DEFAULT 'file';
ALTER TABLE page_group ADD COLUMN origin TEXT NOT NULL DEFAULT 'file';
ALTER TABLE component ADD COLUMN origin TEXT NOT NULL DEFAULT 'file';
