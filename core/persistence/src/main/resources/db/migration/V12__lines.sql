-- What admission groups by, so that it reads no specs; empty in rows of an older master.
ALTER TABLE execution ADD COLUMN IF NOT EXISTS commit_id BINARY(16);
ALTER TABLE execution ADD COLUMN IF NOT EXISTS upload_store_id BINARY(16);
-- Names the stores that a waiting run needs: rows that wait for the same stores are one line.
ALTER TABLE execution ADD COLUMN IF NOT EXISTS store_set VARCHAR(64);
-- For how long masters have seen the lease at this beat, so that a restart does not forget it.
ALTER TABLE execution ADD COLUMN IF NOT EXISTS silent_beat BIGINT;
ALTER TABLE execution ADD COLUMN IF NOT EXISTS silent_millis BIGINT DEFAULT 0 NOT NULL;
CREATE INDEX IF NOT EXISTS ix_execution_line ON execution (environment_id, status, lease_state, creator_id, store_set, priority, queued_at);

CREATE TABLE IF NOT EXISTS store_set (
  id VARCHAR(64) NOT NULL,
  store_id BINARY(16) NOT NULL,
  PRIMARY KEY (id, store_id)
) ${table};

-- The master that asked for the machine: the machines of some providers are seen by that one alone.
ALTER TABLE wanted_node ADD COLUMN IF NOT EXISTS master_id VARCHAR(64);
CREATE INDEX IF NOT EXISTS ix_worker_node ON worker (node_key);
CREATE INDEX IF NOT EXISTS ix_join_token_node ON join_token (node_key);
