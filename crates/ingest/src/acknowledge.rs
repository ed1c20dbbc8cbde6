//! Which acknowledgements a message gets: original and enhanced mode (HL7 v2.5.1 §2.9.2 and §2.9.3, tables
//! 0008 and 0155).
//!
//! | Verdict | original | accept (MSH-15) | application (MSH-16) |
//! |---|---|---|---|
//! | accepted, duplicate | AA | CA: AL, SU | AA: AL, SU; with profile `on-accept` |
//! | refused | AR | CR: AL, ER | AR: AL, ER; only when no accept acknowledgement is sent |
//! | busy, unavailable | AE | CE: AL, ER | AE: AL, ER; only when no accept acknowledgement is sent |
//!
//! An empty MSH-15 beside a filled MSH-16 counts as NE (§2.9.3: each asks for its own acknowledgement). A sender
//! of such messages waits for the application; when the message went no further than here, nobody else will
//! ever answer, and the refusal is the application acknowledgement, whatever the profile says.
//!
//! *Choice.* §2.9.2 gives AE for an error in the content and AR for trouble of the system that will pass;
//! §2.9.3 gives CR for a header that cannot be accepted and CE for any other reason. Interface engines in use
//! repeat a message after AE and CE and set it aside after AR and CR. So here **R** always means that the same
//! message will be refused again, and **E** that it may be sent again. ERR-3 (table 0357) says the rest: 207
//! for trouble of the system.

use hl7v2::ack::{AckBuilder, AckCode, AckMode, Header, Problem};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{Acknowledgement, ApplicationAck, Refusal, Verdict};

/// The acknowledgements of a message, in order.
pub(crate) fn acknowledgements(
    header: &Header<'_>,
    application_ack: ApplicationAck,
    verdict: Verdict,
    refusal: Option<&Refusal>,
    now: Timestamp,
    mut serial: impl FnMut() -> u64,
) -> Vec<Acknowledgement> {
    let sent_at = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S%.3f+0000").to_string();
    codes(header.mode(), application_ack, verdict)
        .map(|code| {
            // At most 20 characters (MSH-10 up to v2.6): seconds and a number that no other of this process has.
            let control_id = format!("Z{:x}{:07x}", now.as_second(), serial() & 0x0fff_ffff);
            let mut builder = AckBuilder::new(code, header).sent_at(sent_at.as_str()).control_id(control_id);
            if let Some(refusal) = refusal {
                let problem = Problem::new(refusal.condition, refusal.code, refusal.text.clone());
                builder = builder.problem(Problem { place: refusal.at, ..problem });
            }
            Acknowledgement { code, bytes: builder.build() }
        })
        .collect()
}

fn codes(mode: AckMode, application_ack: ApplicationAck, verdict: Verdict) -> impl Iterator<Item = AckCode> {
    let code = match verdict {
        Verdict::Accepted | Verdict::Duplicate => AckCode::AA,
        Verdict::Refused => AckCode::AR,
        Verdict::Busy | Verdict::Unavailable => AckCode::AE,
    };
    let (first, second) = match mode {
        AckMode::Original => (Some(code), None),
        AckMode::Enhanced { accept, application } => {
            let commit = Some(code.as_accept()).filter(|code| accept.wants(*code));
            // What was not kept never reached an application that could answer for itself.
            let ours = application_ack == ApplicationAck::OnAccept || !code.is_accepted();
            let asked = ours && application.wants(code);
            (commit, Some(code).filter(|code| asked && (code.is_accepted() || commit.is_none())))
        }
    };
    first.into_iter().chain(second)
}
