//! ORC-1 and ORC-5: what is to be done with an order, and how far it is (HL7 tables 0119 and 0038).
//!
//! `docs/orders.md` shows the table to people.

use hl7v2::Segment;

use crate::table;

/// What an ORC says of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Control {
    /// `ServiceRequest.status`; `None` when it says nothing of it.
    pub(crate) request: Option<&'static str>,
    /// `Task.status`.
    pub(crate) task: Option<&'static str>,
    /// Whether it comes from who placed the order: then its content is the order's. Who fills an order
    /// only repeats it.
    pub(crate) placer: bool,
    /// Whether it is about an order that another one takes the place of.
    pub(crate) replaced: bool,
    /// Whether it is about an order that takes the place of the one before it.
    pub(crate) replacement: bool,
    /// Whether the control code is one that HL7 knows.
    pub(crate) known: bool,
}

/// One line of [`TABLE`].
struct Row(&'static str, Option<&'static str>, Option<&'static str>, bool);

/// Code, status of the request, status of the task, whether the placer says it. In the order of the codes.
static TABLE: &[Row] = &[
    Row("CA", Some("revoked"), Some("cancelled"), true),
    Row("CH", Some("active"), Some("requested"), true),
    Row("CN", None, None, false),
    Row("CR", Some("revoked"), Some("cancelled"), false),
    Row("DC", Some("revoked"), Some("cancelled"), true),
    Row("DR", Some("revoked"), Some("cancelled"), false),
    Row("HD", Some("on-hold"), Some("on-hold"), true),
    Row("HR", Some("on-hold"), Some("on-hold"), false),
    Row("NA", Some("active"), Some("accepted"), false),
    Row("NW", Some("active"), Some("requested"), true),
    Row("OC", Some("revoked"), Some("cancelled"), false),
    Row("OD", Some("revoked"), Some("cancelled"), false),
    Row("OE", Some("active"), Some("in-progress"), false),
    Row("OH", Some("on-hold"), Some("on-hold"), false),
    Row("OK", Some("active"), Some("accepted"), false),
    Row("OR", Some("active"), Some("in-progress"), false),
    Row("PA", Some("active"), Some("requested"), true),
    Row("RE", None, None, false),
    Row("RL", Some("active"), Some("requested"), true),
    Row("RO", Some("active"), Some("requested"), true),
    Row("RP", Some("revoked"), Some("cancelled"), true),
    Row("RQ", Some("revoked"), Some("cancelled"), false),
    Row("RU", Some("revoked"), Some("cancelled"), false),
    Row("SC", None, None, false),
    Row("SN", Some("active"), Some("requested"), false),
    Row("SR", None, None, false),
    Row("SS", None, None, true),
    Row("UA", Some("active"), Some("rejected"), false),
    Row("UC", Some("active"), Some("in-progress"), false),
    Row("UD", Some("active"), Some("in-progress"), false),
    Row("UH", Some("active"), Some("in-progress"), false),
    Row("UM", Some("active"), Some("in-progress"), false),
    Row("UR", Some("on-hold"), Some("on-hold"), false),
    Row("UX", Some("active"), Some("in-progress"), false),
    Row("XO", Some("active"), Some("requested"), true),
    Row("XR", Some("active"), Some("accepted"), false),
    Row("XX", Some("active"), Some("accepted"), false),
];

impl Control {
    /// Reads an ORC. A control code that stops an order (cancelled, discontinued, on hold, replaced) decides;
    /// else ORC-5 does, where it says something; else the control code. Without an ORC, an order message
    /// places an order.
    pub(crate) fn read(orc: Option<Segment<'_, '_>>) -> Self {
        let code = orc.map(|orc| orc.field(1).value().text().trim().to_ascii_uppercase());
        let code = code.unwrap_or_else(|| String::from("NW"));
        let row = TABLE.binary_search_by(|row| row.0.cmp(&code)).ok().and_then(|at| TABLE.get(at));
        let &Row(_, request, task, placer) = row.unwrap_or(&Row("", None, None, false));
        let mut control = Self {
            request,
            task,
            placer,
            replaced: matches!(&*code, "RP" | "RQ" | "RU"),
            replacement: code == "RO",
            known: row.is_some(),
        };
        let status = orc.map(|orc| orc.field(5).value().text().trim().to_ascii_uppercase());
        let stops = matches!(request, Some("revoked" | "on-hold"));
        if let Some(told) = status.as_deref().and_then(table::order_status)
            && !stops
            && request != Some(told.code)
        {
            control.request = Some(told.code);
            control.task = status.as_deref().and_then(task_of_status);
        }
        control
    }
}

/// ORC-5 → `Task.status`, where the control code does not say it.
fn task_of_status(code: &str) -> Option<&'static str> {
    Some(match code {
        "SC" => "accepted",
        "CA" | "DC" | "RP" => "cancelled",
        "ER" => "entered-in-error",
        _ => task_of_request(table::order_status(code)?.code)?,
    })
}

/// What a task is when its request is so and no message says more of the task. `None` when that says
/// nothing.
pub(crate) fn task_of_request(status: &str) -> Option<&'static str> {
    Some(match status {
        "active" => "in-progress",
        "on-hold" => "on-hold",
        "revoked" => "cancelled",
        "completed" => "completed",
        "entered-in-error" => "entered-in-error",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_shown_in_the_docs() {
        assert!(TABLE.is_sorted_by_key(|row| row.0));
        let page = include_str!("../../../../../docs/orders.md");
        let shown: Vec<Vec<&str>> = page
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.split('|').map(str::trim).skip(1).take(4).collect())
            .collect();
        let rows: Vec<Vec<String>> = TABLE
            .iter()
            .map(|Row(code, request, task, placer)| {
                let status = |status: &Option<&str>| status.map_or(String::new(), |s| format!("`{s}`"));
                let who = if *placer { "placer" } else { "filler" };
                vec![format!("`{code}`"), status(request), status(task), String::from(who)]
            })
            .collect();
        assert_eq!(shown, rows);
    }
}
