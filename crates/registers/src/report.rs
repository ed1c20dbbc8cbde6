//! What an import did, and what was wrong. Holds no values of the file.

use serde::{Deserialize, Serialize};

/// Problems that a report names at most; the rest are counted.
const MAX_PROBLEMS: usize = 1_000;

/// What an import did, or would do (`dry_run`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Nothing was to be written.
    pub dry_run: bool,
    /// Whether it was written. False for a dry run, and when rows were refused and not asked to be left
    /// out.
    pub written: bool,
    /// Providers or patients that are new.
    pub created: usize,
    /// Those that change.
    pub changed: usize,
    /// Those that stand so already.
    pub unchanged: usize,
    /// Rows (entries of a Bundle) that cannot be taken.
    pub refused: usize,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub problems_left_out: usize,
}

/// Something wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Problem {
    /// The line of the CSV file, from 1; 0 in a Bundle.
    pub line: u64,
    /// The column by its name, or the place in the Bundle: `entry[3].telecom`. Empty: the whole row.
    pub at: String,
    /// What is wrong: `agb-not-8-digits`. `docs/registers.md` lists all.
    pub code: String,
    /// Whether the row is refused for it.
    pub refused: bool,
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    /// In a Bundle, `entry[3]`; empty in a CSV file.
    pub(crate) entry: String,
}

impl Place {
    /// A part of the row.
    fn part(&self, part: &str) -> String {
        match (self.entry.as_str(), part) {
            ("", part) => part.to_owned(),
            (entry, "") => entry.to_owned(),
            (entry, part) => format!("{entry}.{part}"),
        }
    }
}

/// What is wrong with one row, while it is read.
#[derive(Debug)]
pub(crate) struct Findings {
    place: Place,
    problems: Vec<Problem>,
}

impl Findings {
    pub(crate) const fn new(place: Place) -> Self {
        Self { place, problems: Vec::new() }
    }

    pub(crate) fn warn(&mut self, part: &str, code: &str) {
        self.add(part, code, false);
    }

    pub(crate) fn refuse(&mut self, part: &str, code: &str) {
        self.add(part, code, true);
    }

    fn add(&mut self, part: &str, code: &str, refused: bool) {
        let (line, at) = (self.place.line, self.place.part(part));
        self.problems.push(Problem { line, at, code: code.to_owned(), refused });
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.problems.iter().any(|problem| problem.refused)
    }
}

impl Report {
    /// Takes up what is wrong with a row.
    pub(crate) fn take(&mut self, findings: Findings) {
        self.refused += usize::from(findings.is_refused());
        for problem in findings.problems {
            if self.problems.len() < MAX_PROBLEMS {
                self.problems.push(problem);
            } else {
                self.problems_left_out += 1;
            }
        }
    }
}
