//! HL7 tables: the sender's code to the FHIR code that means the same.
//!
//! The meanings follow the concept maps of the HL7 v2-to-FHIR implementation guide; where that guide
//! leaves a gap (result status R, S, U, W …) the choice stands here. A [`Target`] says whether it
//! keeps the whole meaning: if not ([`Target::exact`] is false), the caller writes the original
//! coding beside it, so that nothing is lost by translation.
//!
//! Codes are compared without regard to case and surrounding blanks, because real feeds send `m`
//! and `f `. A code that is not in its table gives `None`: it is the sender's own, and is kept as such.
//!
//! ```
//! use zorgsluis_converter::table;
//! let sex = table::administrative_sex("m").expect("in the table");
//! assert_eq!((sex.code, sex.exact), ("male", true));
//! // "Results entered, not verified" has no status of its own in FHIR.
//! assert!(!table::observation_status("R").expect("in the table").exact);
//! assert!(table::observation_status("?").is_none());
//! ```

mod care;
mod coding_system;
mod document;
mod identifier;
mod lookup;
mod maps;
mod order;
mod page;
mod person;
mod place;
mod religion;
mod result;
mod role;
mod same;
mod schedule;
mod specimen;
mod visit;

pub use coding_system::{coding_system_uri, hl7_table_uri};

pub use lookup::*;
pub use maps::{By, ConceptMap, MAPS};
pub use page::markdown;

pub(crate) use coding_system::is_oid;

use std::cmp::Ordering;

/// A FHIR code that stands for an HL7 v2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The code system, a URI.
    pub system: &'static str,
    /// The code.
    pub code: &'static str,
    /// The code system's own English text, where the table has it.
    pub display: Option<&'static str>,
    /// Whether the code keeps the whole meaning. If not, keep the original coding beside it.
    pub exact: bool,
}

/// One line of a table.
struct Row {
    source: &'static str,
    /// `None`: the system of the table.
    system: Option<&'static str>,
    code: &'static str,
    display: &'static str,
    exact: bool,
}

impl Row {
    /// The same meaning.
    const fn exact(
        source: &'static str,
        system: &'static str,
        code: &'static str,
        display: &'static str,
    ) -> Self {
        Self { source, system: Some(system), code, display, exact: true }
    }

    /// A wider, narrower or only likely meaning.
    const fn near(
        source: &'static str,
        system: &'static str,
        code: &'static str,
        display: &'static str,
    ) -> Self {
        Self { source, system: Some(system), code, display, exact: false }
    }

    /// A code that FHIR takes from the HL7 table itself.
    const fn same(code: &'static str, display: &'static str) -> Self {
        Self { source: code, system: None, code, display, exact: true }
    }
}

/// Rows in the order of their upper-cased source codes.
struct Table {
    system: &'static str,
    rows: &'static [Row],
}

impl Table {
    const fn mapped(rows: &'static [Row]) -> Self {
        Self { system: "", rows }
    }

    const fn same(system: &'static str, rows: &'static [Row]) -> Self {
        Self { system, rows }
    }

    fn sources(&self) -> Vec<&'static str> {
        self.rows.iter().map(|row| row.source).collect()
    }

    fn get(&self, code: &str) -> Option<Target> {
        let code = code.trim();
        let at = self.rows.binary_search_by(|row| compare(row.source, code)).ok()?;
        let row = self.rows.get(at)?;
        Some(Target {
            system: row.system.unwrap_or(self.system),
            code: row.code,
            display: Some(row.display),
            exact: row.exact,
        })
    }
}

/// A table that FHIR takes over as it is, and whose texts nobody needs: system and sorted codes.
struct Codes(&'static str, &'static [&'static str]);

impl Codes {
    fn sources(&self) -> Vec<&'static str> {
        self.1.to_vec()
    }

    fn get(&self, code: &str) -> Option<Target> {
        let code = code.trim();
        let at = self.1.binary_search_by(|known| compare(known, code)).ok()?;
        Some(Target { system: self.0, code: self.1.get(at)?, display: None, exact: true })
    }
}

/// Byte order, ASCII letters as upper case.
fn compare(a: &str, b: &str) -> Ordering {
    a.bytes().map(|b| b.to_ascii_uppercase()).cmp(b.bytes().map(|b| b.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Binary search finds only what is in order, and a code twice would be two answers.
    #[test]
    fn every_table_is_in_order_and_without_doubles() {
        for table in all() {
            assert!(!table.codes.is_empty() && !table.what.is_empty(), "{}", table.name);
            for pair in table.codes.windows(2) {
                assert_eq!(compare(pair[0].0, pair[1].0), Ordering::Less, "{}: {}", table.name, pair[0].0);
            }
            for (code, target) in &table.codes {
                assert!(target.system.contains(':') && !target.code.contains(' '), "{}: {code}", table.name);
            }
        }
    }

    #[test]
    fn every_official_concept_map_is_done_by_a_table_that_there_is_or_has_a_reason() {
        assert!(MAPS.is_sorted_by(|a, b| a.name < b.name));
        let tables = all();
        for map in MAPS {
            match map.by {
                By::Table(ours) => {
                    let table = tables.iter().find(|table| table.name == ours).expect(ours);
                    let number = format!("able {}", map.table);
                    let named = table.what.contains(&number) || table.what.contains(map.table);
                    assert!(named, "{} is of table {}: {}", map.name, map.table, table.what);
                }
                By::Code(why) | By::Nothing(why) => assert!(why.len() > 20, "{}", map.name),
            }
            assert!(map.differs.iter().all(|(code, why)| !code.is_empty() && why.len() > 10), "{}", map.name);
        }
    }

    #[test]
    fn a_priority_within_a_time_is_urgent() {
        assert_eq!(order_priority("TM30").map(|target| (target.code, target.exact)), Some(("urgent", false)));
        for odd in ["TX30", "TM", "TM3x", "T30"] {
            assert_eq!(order_priority(odd), None, "{odd}");
        }
    }
}
