-- Which requests were carried out, so that one sent again makes nothing twice. Rows live for a day.
CREATE TABLE idempotency (
  actor_id INT NOT NULL,
  key_text VARCHAR(255) NOT NULL,
  fingerprint VARCHAR(64) NOT NULL,
  subject VARCHAR(255) NOT NULL,
  taken_at BIGINT NOT NULL,
  PRIMARY KEY (actor_id, key_text)
) ${table};
CREATE INDEX ix_idempotency_at ON idempotency (taken_at);
