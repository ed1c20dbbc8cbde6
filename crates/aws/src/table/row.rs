//! Reading the attributes of an item.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::PortError;

use super::Item;

/// An item that is read: what is missing or of another kind is damage, told without its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'i> {
    operation: &'static str,
    item: &'i Item,
}

impl<'i> Row<'i> {
    /// Reads this item for an operation.
    pub(crate) const fn new(operation: &'static str, item: &'i Item) -> Self {
        Self { operation, item }
    }

    /// What an attribute gets that cannot be what was written.
    pub(crate) fn damaged(&self, attribute: &str) -> PortError {
        PortError::Damaged {
            operation: self.operation,
            reason: format!("the attribute {attribute} of an item is not what was written"),
        }
    }

    /// Whether it has the attribute.
    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.item.contains_key(attribute)
    }

    /// A text.
    pub(crate) fn text(&self, attribute: &str) -> Result<&'i str, PortError> {
        self.maybe_text(attribute)?.ok_or_else(|| self.damaged(attribute))
    }

    /// A text, when it is there.
    pub(crate) fn maybe_text(&self, attribute: &str) -> Result<Option<&'i str>, PortError> {
        match self.item.get(attribute) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(self.damaged(attribute)),
        }
    }

    /// What a text says.
    pub(crate) fn parsed<T: FromStr>(&self, attribute: &str) -> Result<T, PortError> {
        self.text(attribute)?.parse().map_err(|_| self.damaged(attribute))
    }

    /// An id.
    pub(crate) fn uuid(&self, attribute: &str) -> Result<Uuid, PortError> {
        self.parsed(attribute)
    }

    /// A time, which was written as text or as a key.
    pub(crate) fn time(&self, attribute: &str) -> Result<Timestamp, PortError> {
        self.parsed(attribute)
    }

    /// A number.
    pub(crate) fn number<T: FromStr>(&self, attribute: &str) -> Result<T, PortError> {
        match self.item.get(attribute) {
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| self.damaged(attribute)),
            _ => Err(self.damaged(attribute)),
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&self, attribute: &str) -> Result<bool, PortError> {
        match self.item.get(attribute) {
            Some(AttributeValue::Bool(flag)) => Ok(*flag),
            _ => Err(self.damaged(attribute)),
        }
    }

    /// Bytes.
    pub(crate) fn bytes(&self, attribute: &str) -> Result<&'i [u8], PortError> {
        self.maybe_bytes(attribute)?.ok_or_else(|| self.damaged(attribute))
    }

    /// Bytes, when they are there.
    pub(crate) fn maybe_bytes(&self, attribute: &str) -> Result<Option<&'i [u8]>, PortError> {
        match self.item.get(attribute) {
            None => Ok(None),
            Some(AttributeValue::B(bytes)) => Ok(Some(bytes.as_ref())),
            Some(_) => Err(self.damaged(attribute)),
        }
    }
}
