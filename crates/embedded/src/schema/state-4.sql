-- Which messages a key protects, to know what goes when it is destroyed.
CREATE INDEX payload_key ON payload (key);
CREATE INDEX note_key ON note (key);

-- Tombstones by which data of this file were destroyed: a backup that lacks one is to be erased again.
CREATE TABLE erased (tombstone BLOB PRIMARY KEY) WITHOUT ROWID;
