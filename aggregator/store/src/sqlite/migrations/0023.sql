-- The link by which whoever has it sees a page before visitors do; NULL: there is none. `preview_nonce` tells it from all
-- others: the link itself is signed with a key that is not in this database. It is valid until `preview_until_ms`.
ALTER TABLE page ADD COLUMN preview_nonce BLOB;
ALTER TABLE page ADD COLUMN preview_until_ms INTEGER;
