-- What lists are found by: each order and each narrowing along an index, without the rows themselves.
CREATE INDEX IF NOT EXISTS ix_execution_listed ON execution (project_id, deleted_at, created_at, id);
CREATE INDEX IF NOT EXISTS ix_execution_states ON execution (project_id, deleted_at, status, created_at, id);
CREATE INDEX IF NOT EXISTS ix_execution_step ON execution (project_id, step, created_at);
CREATE INDEX IF NOT EXISTS ix_execution_creator ON execution (project_id, creator_id, created_at);
CREATE INDEX IF NOT EXISTS ix_execution_newest ON execution (deleted_at, created_at, id, project_id);
CREATE INDEX IF NOT EXISTS ix_datum_newest ON datum (created_at, id, project_id);
CREATE INDEX IF NOT EXISTS ix_datum_name ON datum (project_id, name${prefix});
CREATE INDEX IF NOT EXISTS ix_pending_upload_execution ON pending_upload (execution_id);
