-- Tombstones by which data of this file were destroyed: a backup that lacks one is to be erased again.
CREATE TABLE erased (tombstone BLOB PRIMARY KEY) WITHOUT ROWID;
