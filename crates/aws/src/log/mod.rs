//! The log on AWS: its objects in S3 under Object Lock, its index in DynamoDB, its signing key in KMS.

mod by_place;
mod index;
mod rebuilding;
mod row;
mod signer;
mod storage;
mod versions;

pub use index::DynamoEntryIndex;
pub use signer::KmsSigner;
pub use storage::S3LogStorage;
