-- What an agent told with its last batch: its own network was gone, so that it could not conclude anything.
ALTER TABLE agent_epoch ADD COLUMN own_network_gone INTEGER NOT NULL DEFAULT 0;
