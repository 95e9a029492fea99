/**
 * What each layout version adds to the one before; the first makes an empty file version 1. Released steps never change: a new
 * layout is a new step.
 */
export const migrations = [
  `
  CREATE TABLE documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    expires_at INTEGER,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX documents_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE spaces (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL DEFAULT 0,
    queued INTEGER NOT NULL DEFAULT 0,
    recent_runs TEXT NOT NULL DEFAULT '[]',
    changed_at INTEGER,
    connected_at INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE jobs (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    partition TEXT NOT NULL,
    cursor TEXT NOT NULL,
    submitter TEXT NOT NULL,
    idempotency_key TEXT,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    place INTEGER,
    deadline INTEGER NOT NULL,
    lease TEXT,
    app TEXT,
    lease_until INTEGER,
    confirmed INTEGER NOT NULL DEFAULT 0,
    job TEXT NOT NULL
  ) STRICT;
  CREATE INDEX jobs_list ON jobs (partition, cursor);
  CREATE INDEX jobs_queue ON jobs (partition, place) WHERE place IS NOT NULL;
  CREATE INDEX jobs_deadline ON jobs (deadline);
  CREATE INDEX jobs_lease ON jobs (lease_until) WHERE lease_until IS NOT NULL;
  CREATE INDEX jobs_app ON jobs (partition, app) WHERE app IS NOT NULL;
  CREATE UNIQUE INDEX jobs_key ON jobs (partition, submitter, idempotency_key) WHERE idempotency_key IS NOT NULL;

  -- Apart from the job, as a change of that writes its whole row.
  CREATE TABLE inputs (row INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE, input TEXT NOT NULL) STRICT;

  CREATE TABLE presences (
    space TEXT NOT NULL,
    app TEXT NOT NULL,
    session INTEGER NOT NULL,
    status TEXT NOT NULL,
    last_seen_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    presence TEXT NOT NULL,
    PRIMARY KEY (space, app)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX presences_until ON presences (until);
  `,
  `
  CREATE TABLE output (
    row INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    ends INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (row, ends)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Jobs of a FAIR queue take part in rounds, so places repeat.
  DROP INDEX jobs_queue;
  CREATE INDEX jobs_queue ON jobs (partition, place, id) WHERE place IS NOT NULL;
  ALTER TABLE jobs ADD COLUMN fair INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX jobs_turns ON jobs (partition, submitter, place) WHERE fair = 1 AND place IS NOT NULL;
  -- What seq was after the last job under FAIR, and before the first one since it was last given in order of arrival.
  ALTER TABLE spaces ADD COLUMN fair_seq INTEGER;
  ALTER TABLE spaces ADD COLUMN fair_floor INTEGER;
  CREATE TABLE rounds (
    space TEXT NOT NULL,
    priority INTEGER NOT NULL,
    served INTEGER NOT NULL,
    PRIMARY KEY (space, priority)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- A viewer's own jobs, and those of them that wait.
  CREATE INDEX jobs_own ON jobs (partition, submitter, cursor);
  CREATE INDEX jobs_waiting ON jobs (partition, submitter, place) WHERE place IS NOT NULL;

  CREATE TABLE records (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX records_expiry ON records (expires_at);
  `,
];
