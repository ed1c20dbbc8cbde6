-- Under which keys this was written: tells nothing about them, and a replaced key is noticed.
CREATE TABLE key_fingerprint (key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL) WITHOUT ROWID;
