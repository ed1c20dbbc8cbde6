CREATE TABLE resource (
  rid           INTEGER PRIMARY KEY,
  type          TEXT NOT NULL,
  id            TEXT NOT NULL,
  version       INTEGER NOT NULL,             -- the current one
  last_updated  INTEGER NOT NULL,             -- microseconds since 1970
  deleted       INTEGER NOT NULL,
  UNIQUE (type, id)
);
CREATE INDEX resource_live ON resource (type, rid) WHERE deleted = 0;
CREATE INDEX resource_updated ON resource (type, last_updated) WHERE deleted = 0;

CREATE TABLE resource_version (
  rowid         INTEGER PRIMARY KEY,
  rid           INTEGER NOT NULL,
  version       INTEGER NOT NULL,
  last_updated  INTEGER NOT NULL,
  deleted       INTEGER NOT NULL,
  json          BLOB NOT NULL,
  UNIQUE (rid, version)
);

-- The search index of current resources. param is `Type.parameter`.
CREATE TABLE search_key (                     -- tokens and references, by equality
  param         TEXT NOT NULL,
  value         TEXT NOT NULL,
  rid           INTEGER NOT NULL,
  PRIMARY KEY (param, value, rid)
) WITHOUT ROWID;
CREATE INDEX search_key_rid ON search_key (rid, param, value);

CREATE TABLE search_string (                  -- folded, by prefix
  param         TEXT NOT NULL,
  value         TEXT NOT NULL,
  exact         TEXT NOT NULL,
  rid           INTEGER NOT NULL,
  PRIMARY KEY (param, value, exact, rid)
) WITHOUT ROWID;
CREATE INDEX search_string_rid ON search_string (rid, param, value, exact);

CREATE TABLE search_date (                    -- intervals in microseconds, both ends included
  param         TEXT NOT NULL,
  low           INTEGER NOT NULL,
  high          INTEGER NOT NULL,
  rid           INTEGER NOT NULL,
  PRIMARY KEY (param, low, high, rid)
) WITHOUT ROWID;
CREATE INDEX search_date_high ON search_date (param, high, rid);
CREATE INDEX search_date_rid ON search_date (rid, param, low, high);
