-- When a link to manage the subscription was last sent because somebody asked for it, or will be.
ALTER TABLE subscriber ADD COLUMN managed_ms INTEGER;
-- How often its owner ended the links to manage it: those of now hold this number.
ALTER TABLE subscriber ADD COLUMN link_version INTEGER NOT NULL DEFAULT 0;
-- The privacy policy, linked where visitors subscribe: http or https.
ALTER TABLE page ADD COLUMN privacy_url TEXT;
