//! The ports: what the use cases ask of the world.
//!
//! They have the shape of the AWS services that stand behind them in production: asynchronous,
//! batched where AWS is batched, paged, at least once, conditional. What one adapter promises, all do;
//! the contract of each operation stands in its documentation.

pub mod audit;
pub mod clock;
pub mod dead_letter;
pub mod erasure;
pub mod fhir_store;
pub mod journal;
pub mod keys;
pub mod mailer;
pub mod notices;
pub mod opt_outs;
pub mod patient_index;
pub mod payload;
pub mod provider_directory;
pub mod queue;
pub mod random;
pub mod text_analysis;

pub use audit::AuditSink;
pub use clock::Clock;
pub use dead_letter::{DeadLetter, DeadLetters};
pub use erasure::{Erased, ErasureStore, Found, TombstoneStore};
pub use fhir_store::{
    FhirStore, Precondition, ResourceKey, Search, StoredResource, TransactionError, Write, Written,
};
pub use journal::Journal;
pub use keys::{DataClass, KeyOwner, Keys, Sealed};
pub use mailer::{MailError, MailTrace, Mailer};
pub use notices::{NoticeRegister, Reservation};
pub use opt_outs::{OptOut, OptOuts};
pub use patient_index::{Claim, IndexChange, IndexEvent, IndexedIdentifier, PatientIndex, stand_in};
pub use payload::{Payload, PayloadStore, Put};
pub use provider_directory::{
    AddressFault, AddressFaultReason, Provider, ProviderDirectory, ProviderError, StoredProvider,
};
pub use queue::{Outgoing, Queue, QueueDepth, Receipt, Received};
pub use random::Random;
pub use text_analysis::TextAnalysis;

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the order of the listing.
    pub items: Vec<T>,
    /// Give this back to get the next page; `None` on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The only page.
    pub const fn last(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Which page of a listing is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// `next` of the page before; `None` for the first.
    pub after: Option<String>,
    /// Items at most; adapters may give fewer.
    pub limit: usize,
}

impl PageRequest {
    /// The first page of at most `limit` items.
    pub const fn first(limit: usize) -> Self {
        Self { after: None, limit }
    }
}
