-- Since when the state is what the newest hard transition said: no later transition begins before.
ALTER TABLE track ADD COLUMN transition_ms INTEGER;
