//! A search as a query on the index.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::Search;

use super::date::Interval;
use super::document::is_id;
use super::extract::{fold, param};
use super::parameter::{COMMON, SearchKind, SearchParameter, search_parameters};
use crate::database::Failure;

/// Parameters of one search at most.
const MAX_PARAMETERS: usize = 16;
/// Alternatives (`a,b,c`) of one search at most.
const MAX_VALUES: usize = 64;
/// Bytes of one value at most.
const MAX_LENGTH: usize = 600;

/// A search that is understood.
#[derive(Debug)]
pub(super) struct Query {
    resource_type: String,
    /// All must match; the most selective first.
    conditions: Vec<Condition>,
}

/// One parameter: any of its tests must match.
#[derive(Debug)]
struct Condition {
    rank: u8,
    tests: Vec<Test>,
}

#[derive(Debug)]
enum Test {
    Id { id: String },
    Updated { bounds: Bounds },
    Key { param: String, value: String },
    Prefix { param: String, from: String, to: String },
    Exact { param: String, value: String, exact: String },
    Date { param: String, bounds: Bounds },
}

/// A comparison of `low` and `high` of what is stored with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bounds {
    /// `low >= a AND high <= b`
    Within(i64, i64),
    /// `high > a`
    HighAbove(i64),
    /// `low >= a`
    LowFrom(i64),
    /// `high <= a`
    HighTo(i64),
    /// `low < a`
    LowBelow(i64),
}

impl Bounds {
    fn sql(self, low: &str, high: &str, values: &mut Vec<Value>) -> String {
        match self {
            Self::Within(a, b) => {
                // Both ends of `low` are bound, so that an index on it leads to little.
                values.extend([a.into(), b.into(), b.into()]);
                format!("{low} >= ? AND {low} <= ? AND {high} <= ?")
            }
            Self::HighAbove(a) => {
                values.push(a.into());
                format!("{high} > ?")
            }
            Self::LowFrom(a) => {
                values.push(a.into());
                format!("{low} >= ?")
            }
            Self::HighTo(a) => {
                values.push(a.into());
                format!("{high} <= ?")
            }
            Self::LowBelow(a) => {
                values.push(a.into());
                format!("{low} < ?")
            }
        }
    }
}

impl Query {
    /// Understands a search, or refuses it; the reason names the place of a parameter, no value.
    pub(super) fn parse(operation: &'static str, search: &Search) -> Result<Self, PortError> {
        let refused = |reason: String| PortError::Refused { operation, reason };
        let served = search_parameters(&search.resource_type);
        if served.is_empty() {
            return Err(refused(String::from("resources of this type cannot be searched")));
        }
        let parameters = search.parameters.expose_phi();
        if parameters.len() > MAX_PARAMETERS {
            return Err(refused(format!("more than {MAX_PARAMETERS} search parameters")));
        }
        let mut conditions = Vec::with_capacity(parameters.len());
        let mut values = 0;
        for (at, (name, value)) in parameters.iter().enumerate() {
            let wrong = |what: &str| refused(format!("search parameter {}: {what}", at + 1));
            let (name, modifier) = match name.split_once(':') {
                Some((name, modifier)) => (name, Some(modifier)),
                None => (name.as_str(), None),
            };
            let parameter = served
                .iter()
                .chain(COMMON)
                .find(|parameter| parameter.name == name)
                .ok_or_else(|| wrong("not known for this type of resource"))?;
            let condition =
                Condition::parse(&search.resource_type, parameter, modifier, value).map_err(wrong)?;
            values += condition.tests.len();
            if values > MAX_VALUES {
                return Err(refused(format!("more than {MAX_VALUES} values to look for")));
            }
            conditions.push(condition);
        }
        conditions.sort_by_key(|condition| condition.rank);
        Ok(Self { resource_type: search.resource_type.clone(), conditions })
    }

    /// Row ids of matches behind one, ascending.
    pub(super) fn run(&self, connection: &Connection, after: i64, limit: i64) -> Result<Vec<i64>, Failure> {
        let (sql, values) = self.sql(after, limit);
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first condition leads through an index, the others are looked up for each row it gives.
    fn sql(&self, after: i64, limit: i64) -> (String, Vec<Value>) {
        let mut values = Vec::new();
        let mut conditions = self.conditions.iter();
        let lead = match conditions.next() {
            Some(condition) => condition.lead(&self.resource_type, after, &mut values),
            None => {
                values.extend([self.resource_type.clone().into(), after.into()]);
                String::from("SELECT rid FROM resource WHERE type = ? AND deleted = 0 AND rid > ?")
            }
        };
        let mut sql = format!("SELECT DISTINCT k.rid FROM ({lead}) AS k");
        for (at, condition) in conditions.enumerate() {
            sql.push_str(if at == 0 { " WHERE (" } else { " AND (" });
            sql.push_str(&condition.filter(&self.resource_type, &mut values));
            sql.push(')');
        }
        sql.push_str(" ORDER BY k.rid LIMIT ?");
        values.push(limit.into());
        (sql, values)
    }
}

impl Condition {
    fn parse(
        resource_type: &str,
        parameter: &SearchParameter,
        modifier: Option<&str>,
        text: &str,
    ) -> Result<Self, &'static str> {
        if text.len() > MAX_LENGTH {
            return Err("the value is too long");
        }
        let target = match (parameter.kind, modifier) {
            (_, None) | (SearchKind::String, Some("exact")) => None,
            (SearchKind::Reference, Some(target))
                if target.starts_with(|first: char| first.is_ascii_uppercase()) =>
            {
                Some(target)
            }
            _ => return Err("the modifier is not supported"),
        };
        let name = param(resource_type, parameter.name);
        let mut tests = Vec::new();
        for value in split(text) {
            if value.is_empty() {
                return Err("the value is empty");
            }
            match (parameter.name, parameter.kind) {
                ("_id", _) => {
                    if !is_id(&value) {
                        return Err("the value is not a logical id");
                    }
                    tests.push(Test::Id { id: value });
                }
                ("_lastUpdated", _) => {
                    tests.extend(dates(&value)?.into_iter().map(|bounds| Test::Updated { bounds }));
                }
                (_, SearchKind::Token) => tests.push(Test::Key { param: name.clone(), value }),
                (_, SearchKind::Reference) => {
                    let value = match target {
                        Some(target) if value.contains('/') && !value.starts_with(&format!("{target}/")) => {
                            return Err("the reference is not of the type that the modifier names");
                        }
                        Some(target) if !value.contains('/') => format!("{target}/{value}"),
                        _ => value,
                    };
                    tests.push(Test::Key { param: name.clone(), value });
                }
                (_, SearchKind::String) => {
                    let folded = fold(&value);
                    if folded.is_empty() {
                        return Err("the value is empty");
                    }
                    tests.push(if modifier == Some("exact") {
                        Test::Exact { param: name.clone(), value: folded, exact: value }
                    } else {
                        let to = format!("{folded}{}", char::MAX);
                        Test::Prefix { param: name.clone(), from: folded, to }
                    });
                }
                (_, SearchKind::Date) => {
                    let bounds = dates(&value)?;
                    tests.extend(bounds.into_iter().map(|bounds| Test::Date { param: name.clone(), bounds }));
                }
            }
        }
        // How little a condition is expected to leave: what it leads to is looked at row by row.
        let rank = match (parameter.name, parameter.kind) {
            ("_id", _) => 0,
            ("identifier", _) => 1,
            (_, SearchKind::Reference) => 2,
            (_, SearchKind::String) => 3,
            ("_lastUpdated", _) => 6,
            (_, SearchKind::Date) => 4,
            (_, SearchKind::Token) => 5,
        };
        Ok(Self { rank, tests })
    }

    /// The rows that match, each found through an index.
    fn lead(&self, resource_type: &str, after: i64, values: &mut Vec<Value>) -> String {
        let branches: Vec<String> = self
            .tests
            .iter()
            .map(|test| {
                let (table, condition) = test.sql(resource_type, values);
                values.push(after.into());
                format!("SELECT x.rid FROM {table} AS x WHERE {condition} AND x.rid > ?")
            })
            .collect();
        branches.join(" UNION ")
    }

    /// Whether row `k` matches, looked up by its id.
    fn filter(&self, resource_type: &str, values: &mut Vec<Value>) -> String {
        let branches: Vec<String> = self
            .tests
            .iter()
            .map(|test| {
                let (table, condition) = test.sql(resource_type, values);
                let index = match table {
                    "search_string" => " INDEXED BY search_string_rid",
                    "search_date" => " INDEXED BY search_date_rid",
                    _ => "",
                };
                format!("EXISTS (SELECT 1 FROM {table} AS x{index} WHERE {condition} AND x.rid = k.rid)")
            })
            .collect();
        branches.join(" OR ")
    }
}

impl Test {
    fn sql(&self, resource_type: &str, values: &mut Vec<Value>) -> (&'static str, String) {
        match self {
            Self::Id { id } => {
                values.extend([resource_type.to_owned().into(), id.clone().into()]);
                ("resource", String::from("x.type = ? AND x.id = ? AND x.deleted = 0"))
            }
            Self::Updated { bounds } => {
                values.push(resource_type.to_owned().into());
                let bounds = bounds.sql("x.last_updated", "x.last_updated", values);
                ("resource", format!("x.type = ? AND x.deleted = 0 AND {bounds}"))
            }
            Self::Key { param, value } => {
                values.extend([param.clone().into(), value.clone().into()]);
                ("search_key", String::from("x.param = ? AND x.value = ?"))
            }
            Self::Prefix { param, from, to } => {
                values.extend([param.clone().into(), from.clone().into(), to.clone().into()]);
                ("search_string", String::from("x.param = ? AND x.value >= ? AND x.value < ?"))
            }
            Self::Exact { param, value, exact } => {
                values.extend([param.clone().into(), value.clone().into(), exact.clone().into()]);
                ("search_string", String::from("x.param = ? AND x.value = ? AND x.exact = ?"))
            }
            Self::Date { param, bounds } => {
                values.push(param.clone().into());
                ("search_date", format!("x.param = ? AND {}", bounds.sql("x.low", "x.high", values)))
            }
        }
    }
}

/// What a date with its prefix asks (FHIR R4 Search, "Prefixes"); any of the bounds must hold.
fn dates(text: &str) -> Result<Vec<Bounds>, &'static str> {
    let (prefix, date) = match text.split_at_checked(2) {
        Some((prefix, date)) if prefix.bytes().all(|byte| byte.is_ascii_alphabetic()) => (prefix, date),
        _ => ("eq", text),
    };
    let Interval { low, high } = Interval::parse(date).ok_or("the value is not a FHIR date")?;
    Ok(match prefix {
        "eq" => vec![Bounds::Within(low, high)],
        "gt" => vec![Bounds::HighAbove(high)],
        "lt" => vec![Bounds::LowBelow(low)],
        // Behind it, or within it.
        "ge" => vec![Bounds::HighAbove(high), Bounds::LowFrom(low)],
        "le" => vec![Bounds::LowBelow(low), Bounds::HighTo(high)],
        _ => return Err("the prefix is not supported"),
    })
}

/// The alternatives of a value: split at commas, `\,` `\|` `\$` `\\` resolved (FHIR R4 Search,
/// "Escaping Search Parameters").
fn split(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let next = match character {
            ',' => {
                values.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(last) = values.last_mut() {
            last.push(next);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use zorgsluis_domain::Phi;
    use zorgsluis_domain::port::PageRequest;

    use super::super::parameter::searchable_types;
    use super::*;

    fn parse(resource_type: &str, parameters: &[(&str, &str)]) -> Query {
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let search = Search {
            resource_type: resource_type.to_owned(),
            parameters: Phi::new(parameters),
            page: PageRequest::first(10),
        };
        Query::parse("test", &search).unwrap()
    }

    /// The steps of SQLite's plan that read a table row by row.
    fn scans(query: &Query) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../schema/fhir-1.sql")).unwrap();
        let (sql, values) = query.sql(0, 10);
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = plan.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        // `k` is what the leading condition gave, which is short; the others are tables.
        steps
            .map(Result::unwrap)
            .filter(|step| step.starts_with("SCAN") && !step.starts_with("SCAN k"))
            .collect()
    }

    #[test]
    fn every_search_goes_through_an_index() {
        for resource_type in searchable_types() {
            assert_eq!(scans(&parse(resource_type, &[])), [""; 0], "{resource_type}");
            for parameter in search_parameters(resource_type).iter().chain(COMMON) {
                let values: &[&str] = match parameter.kind {
                    SearchKind::Date => &["2024", "ge2024", "gt2024", "le2024", "lt2024", "2024,ge2025"],
                    _ => &["a", "a,b"],
                };
                for value in values {
                    let alone = parse(resource_type, &[(parameter.name, value)]);
                    assert_eq!(scans(&alone), [""; 0], "{resource_type}?{}={value}", parameter.name);
                    let both = parse(resource_type, &[(parameter.name, value), ("_id", "a,b")]);
                    assert_eq!(scans(&both), [""; 0], "{resource_type}?{}={value}&_id", parameter.name);
                }
            }
        }
    }

    #[test]
    fn a_filter_of_several_tables_goes_through_indexes() {
        let parameters =
            [("name", "berg"), ("birthdate", "ge1980,1970"), ("gender", "male"), ("_lastUpdated", "gt2024")];
        assert_eq!(scans(&parse("Patient", &parameters)), [""; 0]);
    }

    #[test]
    fn escaped_characters_are_part_of_a_value() {
        assert_eq!(split(r"a\,b,c\\d,\|e\$"), [r"a,b", r"c\d", "|e$"]);
        assert_eq!(split(""), [""]);
    }
}
