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
    /// Who says it. What the placer says is the order's content; who fills an order only repeats it.
    pub(crate) says: Party,
    /// Whether it places the order: the time of the event (ORC-9) is when it was ordered. That of any other
    /// control code is when the order was changed, cancelled or answered.
    pub(crate) places: bool,
    /// Whether it is about an order that another one takes the place of.
    pub(crate) replaced: bool,
    /// Whether it is about an order that takes the place of the one before it.
    pub(crate) replacement: bool,
    /// Whether the control code is one that HL7 knows.
    pub(crate) known: bool,
}

/// The side of an order that sends a control code: the column "originator" of table 0119.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// Who placed the order.
    Placer,
    /// Who fills it.
    Filler,
    /// Either: whoever sent the codes before it in the message (for a child its parent, for a replacement what
    /// it replaces).
    Either,
}

use Party::{Either, Filler, Placer};

/// One line of [`TABLE`].
struct Row(&'static str, Option<&'static str>, Option<&'static str>, Party);

/// Code, status of the request, status of the task, who says it (HL7 v2.5.1 §4.5.1.1, table 0119). In the order
/// of the codes.
///
/// A refused change says nothing of the status (UC, UD, UH, UM, UX): the order may be anywhere on its way, also
/// at its end. Nor does a split (PA), a question (SS) or a number (NA).
static TABLE: &[Row] = &[
    Row("CA", Some("revoked"), Some("cancelled"), Placer),
    Row("CH", Some("active"), Some("requested"), Either),
    Row("CN", None, None, Filler),
    Row("CR", Some("revoked"), Some("cancelled"), Filler),
    Row("DC", Some("revoked"), Some("cancelled"), Placer),
    Row("DR", Some("revoked"), Some("cancelled"), Filler),
    Row("HD", Some("on-hold"), Some("on-hold"), Placer),
    Row("HR", Some("on-hold"), Some("on-hold"), Filler),
    Row("NA", None, None, Placer),
    Row("NW", Some("active"), Some("requested"), Placer),
    Row("OC", Some("revoked"), Some("cancelled"), Filler),
    Row("OD", Some("revoked"), Some("cancelled"), Filler),
    Row("OE", Some("active"), Some("in-progress"), Filler),
    Row("OH", Some("on-hold"), Some("on-hold"), Filler),
    Row("OK", Some("active"), Some("accepted"), Filler),
    Row("OR", Some("active"), Some("in-progress"), Filler),
    Row("PA", None, None, Filler),
    Row("PR", None, None, Filler),
    Row("RE", None, None, Filler),
    Row("RL", Some("active"), Some("requested"), Placer),
    Row("RO", Some("active"), Some("requested"), Either),
    Row("RP", Some("revoked"), Some("cancelled"), Placer),
    Row("RQ", Some("revoked"), Some("cancelled"), Filler),
    Row("RU", Some("revoked"), Some("cancelled"), Filler),
    Row("SC", None, None, Filler),
    Row("SN", Some("active"), Some("requested"), Filler),
    Row("SR", None, None, Filler),
    Row("SS", None, None, Placer),
    Row("UA", Some("active"), Some("rejected"), Filler),
    Row("UC", None, None, Filler),
    Row("UD", None, None, Filler),
    Row("UH", None, None, Filler),
    Row("UM", None, None, Filler),
    Row("UR", Some("on-hold"), Some("on-hold"), Filler),
    Row("UX", None, None, Filler),
    Row("XO", Some("active"), Some("requested"), Placer),
    Row("XR", Some("active"), Some("accepted"), Filler),
    Row("XX", Some("active"), Some("accepted"), Filler),
];

impl Control {
    /// Reads an ORC. A control code that stops an order (cancelled, discontinued, on hold, replaced) decides;
    /// else ORC-5 does, where it says something; else the control code. Without an ORC, an order message
    /// places an order.
    ///
    /// `before` is who sent the control code before this one in the message, if there is one.
    pub(crate) fn read(orc: Option<Segment<'_, '_>>, before: Option<Party>) -> Self {
        let code = orc.map(|orc| orc.field(1).value().text().trim().to_ascii_uppercase());
        let code = code.unwrap_or_else(|| String::from("NW"));
        let row = TABLE.binary_search_by(|row| row.0.cmp(&code)).ok().and_then(|at| TABLE.get(at));
        let &Row(_, request, task, says) = row.unwrap_or(&Row("", None, None, Filler));
        // Where nobody can tell, it counts as little as what the filler says.
        let says = if says == Either { before.unwrap_or(Filler) } else { says };
        let mut control = Self {
            request,
            task,
            says,
            places: matches!(&*code, "CH" | "NW" | "RO" | "SN"),
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

    /// Whether it comes from who placed the order.
    pub(crate) fn is_placers(self) -> bool {
        self.says == Placer
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
            .map(|Row(code, request, task, says)| {
                let status = |status: &Option<&str>| status.map_or(String::new(), |s| format!("`{s}`"));
                let who = format!("{says:?}").to_lowercase();
                vec![format!("`{code}`"), status(request), status(task), who]
            })
            .collect();
        assert_eq!(shown, rows);
    }
}
