-- Run once, by the image's entry point, when the database is made.
CREATE TABLE jobs (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number   bigint NOT NULL CHECK (number > 1),
  asked    timestamptz NOT NULL DEFAULT now(),
  -- Unknown until a worker is done.
  factors  bigint[],
  worker   text,
  finished timestamptz
);
