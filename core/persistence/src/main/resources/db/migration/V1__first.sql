-- The first schema. Migrations are append-only: a file that has landed is never changed.
--
-- The same file runs on H2 and on MariaDB; what differs is a placeholder:
--   ${text}   text of any length
--   ${table}  engine, character set and collation. Text compares byte by byte, without padding.
--
-- Ids are UUIDs in BINARY(16). Times are BIGINT: microseconds since 1970-01-01T00:00:00Z, so that no driver,
-- session or server zone can shift them. owner_id 0 is the installation: the row is shared.
-- There are no foreign keys: hardly a row is ever deleted, and the shared locks that InnoDB takes on parent rows
-- would make deadlocks between the loops.

CREATE SEQUENCE owner_ids START WITH 1 INCREMENT BY 1 NOCACHE;
CREATE SEQUENCE repository_ids START WITH 1 INCREMENT BY 1 NOCACHE;

CREATE TABLE owner (
  id INT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  email VARCHAR(320) NOT NULL,
  first_name VARCHAR(255) NOT NULL,
  last_name VARCHAR(255) NOT NULL,
  administrator BOOLEAN NOT NULL,
  disabled BOOLEAN NOT NULL,
  password_hash VARCHAR(1024),
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_owner_name UNIQUE (name)
) ${table};
CREATE INDEX ix_owner_kind ON owner (kind, name);

CREATE TABLE membership (
  organization_id INT NOT NULL,
  user_id INT NOT NULL,
  administrator BOOLEAN NOT NULL,
  PRIMARY KEY (organization_id, user_id)
) ${table};
CREATE INDEX ix_membership_user ON membership (user_id);

CREATE TABLE api_token (
  id BINARY(16) NOT NULL,
  user_id INT NOT NULL,
  name VARCHAR(255) NOT NULL,
  token_hash VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT uk_api_token_hash UNIQUE (token_hash)
) ${table};
CREATE INDEX ix_api_token_user ON api_token (user_id, created_at);

CREATE TABLE join_token (
  id BINARY(16) NOT NULL,
  token_hash VARCHAR(64) NOT NULL,
  group_id BINARY(16) NOT NULL,
  node_key VARCHAR(255),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_nonce VARCHAR(255),
  worker_id BINARY(16),
  PRIMARY KEY (id),
  CONSTRAINT uk_join_token_hash UNIQUE (token_hash)
) ${table};
CREATE INDEX ix_join_token_expires ON join_token (expires_at);

CREATE TABLE login_attempt (
  id BIGINT NOT NULL AUTO_INCREMENT,
  attempt_key VARCHAR(512) NOT NULL,
  attempted_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) ${table};
CREATE INDEX ix_login_attempt_key ON login_attempt (attempt_key, attempted_at);
CREATE INDEX ix_login_attempt_at ON login_attempt (attempted_at);

CREATE TABLE audit_entry (
  id BINARY(16) NOT NULL,
  happened_at BIGINT NOT NULL,
  actor_id INT,
  token_id BINARY(16),
  address VARCHAR(255) NOT NULL,
  action VARCHAR(255) NOT NULL,
  subject VARCHAR(512) NOT NULL,
  before_json ${text} NOT NULL,
  after_json ${text} NOT NULL,
  PRIMARY KEY (id)
) ${table};
CREATE INDEX ix_audit_entry_at ON audit_entry (happened_at, id);
CREATE INDEX ix_audit_entry_subject ON audit_entry (subject, happened_at);

-- living_name is the name while the project lives and NULL once it is deleted, so that a name can be used again.
CREATE TABLE project (
  id BINARY(16) NOT NULL,
  owner_id INT NOT NULL,
  name VARCHAR(255) NOT NULL,
  living_name VARCHAR(255),
  description ${text} NOT NULL,
  yaml_path VARCHAR(1024) NOT NULL,
  upload_store_id BINARY(16),
  default_environment_id BINARY(16),
  execution_counter INT DEFAULT 0 NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  deleted_at BIGINT,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_project_name UNIQUE (owner_id, living_name)
) ${table};
CREATE INDEX ix_project_name ON project (name);

CREATE TABLE repository (
  project_id BINARY(16) NOT NULL,
  id INT NOT NULL,
  url VARCHAR(2048) NOT NULL,
  refs ${text} NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (project_id),
  CONSTRAINT uk_repository_id UNIQUE (id)
) ${table};

CREATE TABLE code_commit (
  id BINARY(16) NOT NULL,
  project_id BINARY(16) NOT NULL,
  identifier VARCHAR(255) NOT NULL,
  adhoc BOOLEAN NOT NULL,
  refs ${text} NOT NULL,
  description ${text} NOT NULL,
  commit_time BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  yaml_path VARCHAR(1024) NOT NULL,
  archive_store_id BINARY(16),
  archive_key VARCHAR(1024),
  archive_sha256 VARCHAR(64),
  archive_bytes BIGINT,
  archive_format VARCHAR(16),
  PRIMARY KEY (id),
  CONSTRAINT uk_code_commit_identifier UNIQUE (project_id, identifier)
) ${table};
CREATE INDEX ix_code_commit_identifier ON code_commit (identifier);
CREATE INDEX ix_code_commit_time ON code_commit (project_id, commit_time);

-- Apart, so that lists of commits do not read it.
CREATE TABLE code_config (
  commit_id BINARY(16) NOT NULL,
  config ${text} NOT NULL,
  PRIMARY KEY (commit_id)
) ${table};

CREATE TABLE environment (
  id BINARY(16) NOT NULL,
  slug VARCHAR(255) NOT NULL,
  name VARCHAR(255) NOT NULL,
  owner_id INT NOT NULL,
  description ${text} NOT NULL,
  enabled BOOLEAN NOT NULL,
  provider VARCHAR(255),
  machine_type VARCHAR(255) NOT NULL,
  slots INT NOT NULL,
  scale_min INT NOT NULL,
  scale_max INT NOT NULL,
  scale_down_grace_minutes INT NOT NULL,
  runtime VARCHAR(16) NOT NULL,
  per_hour_price_usd VARCHAR(64),
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_environment_slug UNIQUE (slug)
) ${table};

CREATE TABLE data_store (
  id BINARY(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  owner_id INT NOT NULL,
  plugin_name VARCHAR(255) NOT NULL,
  store_type VARCHAR(255) NOT NULL,
  uri_prefix VARCHAR(2048) NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_data_store_name UNIQUE (owner_id, name)
) ${table};

-- beat and polled_at change without a new version; everything else changes by compare-and-set on version.
CREATE TABLE execution (
  id BINARY(16) NOT NULL,
  project_id BINARY(16) NOT NULL,
  counter INT NOT NULL,
  title ${text} NOT NULL,
  tags ${text} NOT NULL,
  creator_id INT NOT NULL,
  environment_id BINARY(16) NOT NULL,
  step VARCHAR(512) NOT NULL,
  priority INT NOT NULL,
  status VARCHAR(16) NOT NULL,
  reason VARCHAR(32),
  status_detail ${text} NOT NULL,
  waiting ${text},
  image_digest VARCHAR(512),
  exit_code INT,
  stop_order VARCHAR(16) NOT NULL,
  lease_worker_id BINARY(16),
  lease_state VARCHAR(16),
  lease_token_hash VARCHAR(64),
  beat BIGINT DEFAULT 0 NOT NULL,
  polled_at BIGINT,
  created_at BIGINT NOT NULL,
  queued_at BIGINT,
  started_at BIGINT,
  ended_at BIGINT,
  settled_at BIGINT,
  stdout_bytes BIGINT,
  stderr_bytes BIGINT,
  status_bytes BIGINT,
  log_store_id BINARY(16),
  log_key VARCHAR(1024),
  log_index_key VARCHAR(1024),
  log_records BIGINT,
  modified_at BIGINT NOT NULL,
  deleted_at BIGINT,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_execution_counter UNIQUE (project_id, counter)
) ${table};
CREATE INDEX ix_execution_created ON execution (created_at, id);
CREATE INDEX ix_execution_status ON execution (status, created_at);
CREATE INDEX ix_execution_group ON execution (environment_id, status, priority, queued_at);
CREATE INDEX ix_execution_lease ON execution (lease_worker_id);
CREATE INDEX ix_execution_log ON execution (log_store_id, settled_at);

-- What was asked for never changes: apart, so that a change of state does not write it again.
CREATE TABLE execution_spec (
  execution_id BINARY(16) NOT NULL,
  spec ${text} NOT NULL,
  PRIMARY KEY (execution_id)
) ${table};

-- id is the order of arrival; journal_position is stamped after the commit.
CREATE TABLE fact (
  id BIGINT NOT NULL AUTO_INCREMENT,
  execution_id BINARY(16) NOT NULL,
  sequence_number BIGINT NOT NULL,
  kind VARCHAR(64) NOT NULL,
  happened_at BIGINT NOT NULL,
  data_json ${text} NOT NULL,
  journal_position BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT uk_fact_sequence UNIQUE (execution_id, sequence_number),
  CONSTRAINT uk_fact_position UNIQUE (journal_position)
) ${table};

-- One row: the last position given. Its lock lets one transaction stamp at a time.
CREATE TABLE journal (
  id INT NOT NULL,
  last_position BIGINT NOT NULL,
  PRIMARY KEY (id)
) ${table};
INSERT INTO journal (id, last_position) VALUES (1, 0);

-- Lines in batches as they came: a JSON array of [offset, micros, text].
CREATE TABLE metadata_batch (
  execution_id BINARY(16) NOT NULL,
  first_line BIGINT NOT NULL,
  line_count INT NOT NULL,
  last_offset BIGINT NOT NULL,
  batch_lines ${text} NOT NULL,
  PRIMARY KEY (execution_id, first_line)
) ${table};

-- The last value of each key. Keys may be of any length, so their SHA-256 is what is unique.
CREATE TABLE metadata_value (
  execution_id BINARY(16) NOT NULL,
  name_hash BINARY(32) NOT NULL,
  ordinal INT NOT NULL,
  name ${text} NOT NULL,
  value_json ${text} NOT NULL,
  PRIMARY KEY (execution_id, name_hash)
) ${table};

CREATE TABLE datum (
  id BINARY(16) NOT NULL,
  project_id BINARY(16) NOT NULL,
  output_of BINARY(16),
  name VARCHAR(1024) NOT NULL,
  byte_count BIGINT NOT NULL,
  md5 VARCHAR(32),
  sha1 VARCHAR(40),
  sha256 VARCHAR(64),
  store_id BINARY(16) NOT NULL,
  store_key VARCHAR(2048) NOT NULL,
  uri ${text} NOT NULL,
  tags ${text} NOT NULL,
  metadata_json ${text} NOT NULL,
  created_at BIGINT NOT NULL,
  file_created_at BIGINT NOT NULL,
  file_modified_at BIGINT NOT NULL,
  purged_at BIGINT,
  version BIGINT NOT NULL,
  PRIMARY KEY (id)
) ${table};
CREATE INDEX ix_datum_project ON datum (project_id, created_at);
CREATE INDEX ix_datum_output ON datum (output_of, created_at);

CREATE TABLE datum_tag (
  datum_id BINARY(16) NOT NULL,
  tag VARCHAR(512) NOT NULL,
  PRIMARY KEY (datum_id, tag)
) ${table};
CREATE INDEX ix_datum_tag ON datum_tag (tag);

CREATE TABLE pending_upload (
  id BINARY(16) NOT NULL,
  execution_id BINARY(16) NOT NULL,
  path VARCHAR(1024) NOT NULL,
  byte_count BIGINT NOT NULL,
  store_id BINARY(16) NOT NULL,
  store_key VARCHAR(2048) NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) ${table};
CREATE INDEX ix_pending_upload_created ON pending_upload (created_at);

-- beat and last_seen_at change without a new version.
CREATE TABLE worker (
  id BINARY(16) NOT NULL,
  group_id BINARY(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  credential_hash VARCHAR(64) NOT NULL,
  nonce VARCHAR(255) NOT NULL,
  node_key VARCHAR(255),
  worker_release VARCHAR(255) NOT NULL,
  os VARCHAR(64) NOT NULL,
  arch VARCHAR(64) NOT NULL,
  slots INT NOT NULL,
  cpus DOUBLE PRECISION NOT NULL,
  memory_mib BIGINT NOT NULL,
  gpus ${text} NOT NULL,
  runtimes ${text} NOT NULL,
  draining BOOLEAN NOT NULL,
  registered_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  removed_at BIGINT,
  beat BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_worker_credential UNIQUE (credential_hash)
) ${table};
CREATE INDEX ix_worker_group ON worker (group_id, registered_at);

CREATE TABLE wanted_node (
  node_key VARCHAR(255) NOT NULL,
  group_id BINARY(16) NOT NULL,
  provider VARCHAR(255) NOT NULL,
  state VARCHAR(16) NOT NULL,
  node_id VARCHAR(512),
  detail ${text} NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (node_key)
) ${table};
CREATE INDEX ix_wanted_node_state ON wanted_node (state, modified_at);

CREATE TABLE setting (
  name VARCHAR(255) NOT NULL,
  setting_value ${text} NOT NULL,
  PRIMARY KEY (name)
) ${table};

CREATE TABLE loop_lead (
  loop_name VARCHAR(255) NOT NULL,
  leader VARCHAR(255) NOT NULL,
  beat BIGINT NOT NULL,
  PRIMARY KEY (loop_name)
) ${table};
