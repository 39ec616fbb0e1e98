-- What the loops that remove find by.
CREATE INDEX ix_execution_deleted ON execution (deleted_at);
CREATE INDEX ix_project_deleted ON project (deleted_at);
CREATE INDEX ix_worker_removed ON worker (removed_at);
CREATE INDEX ix_api_token_expires ON api_token (expires_at);
CREATE INDEX ix_api_token_revoked ON api_token (revoked_at);
