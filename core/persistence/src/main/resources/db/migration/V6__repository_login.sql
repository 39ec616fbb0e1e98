-- How a project logs in at its Git server. Secrets are sealed. Nullable, so that the release before this one goes on working.
ALTER TABLE repository ADD COLUMN username VARCHAR(255);
ALTER TABLE repository ADD COLUMN password_sealed ${text};
ALTER TABLE repository ADD COLUMN host_keys ${text};
ALTER TABLE repository ADD COLUMN public_key VARCHAR(1024);
ALTER TABLE repository ADD COLUMN private_key_sealed ${text};
