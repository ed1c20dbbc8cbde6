//! The field ledger: which leaves of the message stand in the output.

use std::borrow::Cow;

use hl7v2::{Message, Place, Value};

use crate::mapping;

/// One bit for each byte of the message: a leaf is known by where it begins.
pub(crate) struct Ledger {
    marked: Vec<u64>,
    /// The same of what is left out on purpose; made when something is.
    left: Vec<u64>,
    ignored: Vec<(u32, Cow<'static, str>)>,
}

/// What became of the leaves of a message.
pub(crate) struct Account {
    pub(crate) mapped: usize,
    pub(crate) ignored: Vec<(Place, Cow<'static, str>)>,
    pub(crate) unmapped: Vec<Place>,
}

impl Ledger {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { marked: vec![0; bytes.div_ceil(64)], left: Vec::new(), ignored: Vec::new() }
    }

    pub(crate) fn mark(&mut self, offset: u32) {
        if let Some(word) = self.marked.get_mut(offset as usize / 64) {
            *word |= 1 << (offset % 64);
        }
    }

    pub(crate) fn unmark(&mut self, offset: u32) {
        if let Some(word) = self.marked.get_mut(offset as usize / 64) {
            *word &= !(1 << (offset % 64));
        }
    }

    pub(crate) fn ignore(&mut self, offset: u32, why: Cow<'static, str>) {
        if self.left.is_empty() {
            self.left = vec![0; self.marked.len()];
        }
        if let Some(word) = self.left.get_mut(offset as usize / 64) {
            *word |= 1 << (offset % 64);
        }
        self.ignored.push((offset, why));
    }

    pub(crate) fn is_marked(&self, offset: u32) -> bool {
        self.marked.get(offset as usize / 64).is_some_and(|word| word & (1 << (offset % 64)) != 0)
    }

    pub(crate) fn is_ignored(&self, offset: u32) -> bool {
        self.left.get(offset as usize / 64).is_some_and(|word| word & (1 << (offset % 64)) != 0)
    }

    /// Draws up the account. Mapped goes before ignored: what is in the output is in the output.
    pub(crate) fn account(&self, message: &Message<'_>) -> Account {
        let mut account = Account { mapped: 0, ignored: Vec::new(), unmapped: Vec::new() };
        let mut reasons: Vec<&(u32, Cow<'static, str>)> = self.ignored.iter().collect();
        reasons.sort_by_key(|(offset, _)| *offset);
        for leaf in message.leaves() {
            let offset = leaf.offset();
            if self.is_marked(offset) {
                account.mapped += 1;
                continue;
            }
            let place = leaf.place();
            let said = reasons.binary_search_by_key(&offset, |(offset, _)| *offset).ok();
            let why = said
                .and_then(|at| reasons.get(at))
                .map(|(_, why)| why.clone())
                .or_else(|| decided(&place, leaf).map(Cow::Borrowed));
            match why {
                Some(why) => account.ignored.push((place, why)),
                None => account.unmapped.push(place),
            }
        }
        account
    }
}

/// Why a leaf that is not in the output was left out, if that was decided: by the tables of the mapping. What
/// they do not name is reported as not understood.
fn decided(place: &Place, leaf: Value<'_, '_>) -> Option<&'static str> {
    const BILLING: &str =
        "what is charged for an order, FT1 says; repeated here it would be a charge without a number";
    const NULL_PART: &str = "a null inside a value that is replaced as a whole";
    // BLG has no table of its own.
    let billing = (place.segment == *b"BLG").then_some(BILLING);
    let null_part = (leaf.is_null() && place.component > 1).then_some(NULL_PART);
    mapping::why_left(&place.segment, place.field, place.component).or(billing).or(null_part)
}
