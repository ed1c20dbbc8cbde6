-- What the store gave out to be shown, as it wrote it down itself: compared with the log. No PHI.
CREATE TABLE reading (
  n             INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
  at            INTEGER NOT NULL,             -- microseconds since 1970
  operation     TEXT NOT NULL,                -- read, version, history, search
  resources     INTEGER NOT NULL,             -- how many versions of resources
  digest        BLOB NOT NULL                 -- SHA-256 of which: `Type/id version`, sorted, one a line
);
