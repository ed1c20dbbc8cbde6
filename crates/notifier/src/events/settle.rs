//! What an event makes of a notice. Pure.

use jiff::SignedDuration;
use zorgsluis_domain::notice::{Notice, NoticeState};

use super::read::{MailEvent, Told};
use crate::tell::SENDING_AGAIN;

/// The reason of a notice whose mail came back for good.
pub const BOUNCED: &str = "mail-bounced";
/// The reason of a notice whose mail came back for now, or for no known reason: an operator decides.
pub const PERHAPS_BOUNCED: &str = "mail-perhaps-bounced";
/// The reason of a notice that was sent and that the receiver complained of.
pub const COMPLAINED: &str = "mail-complained";
/// The reason of a notice whose mail SES took and did not send: a virus.
pub const REJECTED: &str = "mail-rejected";
/// The reason of a notice of whose content SES could make no mail.
pub const NOT_RENDERED: &str = "mail-not-rendered";

/// How much earlier than the last change of an open notice its mail may have been taken. An operator has a notice
/// sent again no sooner than this after the attempt before.
const ATTEMPT: SignedDuration = SignedDuration::from_mins(15);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stands so, or stands by something stronger.
    Stays,
    /// It is to be moved on.
    Settle { to: NoticeState, why: Option<&'static str> },
}

pub(super) fn verdict(line: &Notice, event: &MailEvent) -> Verdict {
    use NoticeState::{Dropped, Refused, Reserved, Sent, Unknown};
    if is_of_an_earlier_attempt(line, event) {
        return Verdict::Stays;
    }
    let why = line.why.as_deref();
    let known = line.receipt.as_deref() == Some(event.mail.as_str());
    match (event.told, line.state) {
        // The word of the mail system is better than nobody's, and than what was supposed without it.
        (Told::Taken, Reserved | Unknown | Refused | Dropped) if !known => settle(Sent, None),
        (Told::Taken, _) => Verdict::Stays,
        (Told::PerhapsBounced, Reserved | Unknown) if !known || why != Some(PERHAPS_BOUNCED) => {
            settle(Unknown, Some(PERHAPS_BOUNCED))
        }
        // With a reason it was decided on or complained of: somebody knows better.
        (Told::PerhapsBounced, Sent) if why.is_none() => settle(Unknown, Some(PERHAPS_BOUNCED)),
        (Told::PerhapsBounced, _) => Verdict::Stays,
        (Told::Complained, Reserved | Unknown) => settle(Sent, Some(COMPLAINED)),
        (Told::Complained, Sent) if why != Some(COMPLAINED) => settle(Sent, Some(COMPLAINED)),
        (Told::Complained, _) => Verdict::Stays,
        (Told::Bounced, Reserved | Unknown | Sent) => settle(Refused, Some(BOUNCED)),
        (Told::NotSent(why), Reserved | Unknown | Sent) => settle(Refused, Some(why)),
        (Told::Bounced | Told::NotSent(_), _) => Verdict::Stays,
    }
}

const fn settle(to: NoticeState, why: Option<&'static str>) -> Verdict {
    Verdict::Settle { to, why }
}

/// Whether another attempt has followed the mail that the event is about. The receipt in the register is of the last
/// mail of which something is known.
fn is_of_an_earlier_attempt(line: &Notice, event: &MailEvent) -> bool {
    let another_is_open = line.state == NoticeState::Reserved
        || (line.state == NoticeState::Unknown && line.why.as_deref() == Some(SENDING_AGAIN));
    match line.receipt.as_deref() {
        None => false,
        Some(receipt) if receipt == event.mail => another_is_open,
        // A mail that the register does not know yet: the one under way, if it is not too old for that.
        Some(_) => match line.state {
            NoticeState::Reserved | NoticeState::Unknown => {
                event.sent.saturating_add(ATTEMPT).is_ok_and(|late| late < line.changed)
            }
            _ => true,
        },
    }
}
