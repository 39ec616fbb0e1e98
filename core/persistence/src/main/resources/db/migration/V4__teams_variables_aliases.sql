-- Teams are owners within an organisation: rows of owner with the kind team, named organization:team.
ALTER TABLE owner ADD COLUMN organization_id INT;

CREATE TABLE team_member (
  team_id INT NOT NULL,
  user_id INT NOT NULL,
  project_administration BOOLEAN NOT NULL,
  read_only BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (team_id, user_id)
) ${table};
CREATE INDEX ix_team_member_user ON team_member (user_id);

-- Projects of other owners that were given to a team.
CREATE TABLE team_project (
  team_id INT NOT NULL,
  project_id BINARY(16) NOT NULL,
  PRIMARY KEY (team_id, project_id)
) ${table};
CREATE INDEX ix_team_project_project ON team_project (project_id);

CREATE TABLE variable_group (
  id BINARY(16) NOT NULL,
  owner_id INT NOT NULL,
  name VARCHAR(255) NOT NULL,
  description ${text} NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_variable_group_name UNIQUE (owner_id, name)
) ${table};

-- holder_id is a project's or a group's. Of plain_value and sealed_value one is there.
CREATE TABLE environment_variable (
  holder_id BINARY(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  plain_value ${text},
  sealed_value ${text},
  PRIMARY KEY (holder_id, name)
) ${table};

CREATE TABLE datum_alias (
  id BINARY(16) NOT NULL,
  project_id BINARY(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  datum_id BINARY(16) NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uk_datum_alias_name UNIQUE (project_id, name)
) ${table};
CREATE INDEX ix_datum_alias_datum ON datum_alias (datum_id);

-- Which file an alias named from when on; version is the alias's own.
CREATE TABLE datum_alias_move (
  alias_id BINARY(16) NOT NULL,
  version BIGINT NOT NULL,
  datum_id BINARY(16) NOT NULL,
  user_id INT,
  moved_at BIGINT NOT NULL,
  PRIMARY KEY (alias_id, version)
) ${table};
