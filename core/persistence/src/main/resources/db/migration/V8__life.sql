-- Which execution is whose restart; no execution is restarted twice.
ALTER TABLE execution ADD COLUMN restart_of BINARY(16);
ALTER TABLE execution ADD COLUMN restarted_as BINARY(16);
CREATE UNIQUE INDEX uk_execution_restart ON execution (restart_of);

-- How much metadata is kept, and whether lines were dropped because of its limit.
ALTER TABLE execution ADD COLUMN metadata_bytes BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE execution ADD COLUMN metadata_cut INT DEFAULT 0 NOT NULL;

-- What it has put out, or has begun to.
ALTER TABLE execution ADD COLUMN output_files BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE execution ADD COLUMN output_bytes BIGINT DEFAULT 0 NOT NULL;

-- A JSON array of the folders that steps may mount; none where it is null.
ALTER TABLE environment ADD COLUMN allowed_mounts ${text};
