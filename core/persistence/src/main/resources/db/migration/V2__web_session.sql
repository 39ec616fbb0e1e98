-- Logins in browsers; the cookie itself is kept nowhere.
CREATE TABLE web_session (
  cookie_hash VARCHAR(64) NOT NULL,
  user_id INT NOT NULL,
  address VARCHAR(255) NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (cookie_hash)
) ${table};
CREATE INDEX ix_web_session_user ON web_session (user_id);
CREATE INDEX ix_web_session_expires ON web_session (expires_at);
