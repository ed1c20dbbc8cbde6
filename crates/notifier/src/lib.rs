//! Notifier.
