-- Why a worker takes no runs now, and what else is wrong with it, in its own words.
ALTER TABLE worker ADD COLUMN paused VARCHAR(500);
ALTER TABLE worker ADD COLUMN trouble VARCHAR(500);
