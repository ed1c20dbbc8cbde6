//! What SQS takes in one request, and what it says about each entry.

use aws_sdk_sqs::types::BatchResultErrorEntry;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::Outgoing;
use zorgsluis_domain::port::queue::MAX_BATCH;

/// Bytes of one body, and of all bodies of one request (SQS: 1 MiB).
const MAX_BYTES: usize = 1 << 20;
/// Characters of a group or a deduplication id at most (SQS).
const MAX_NAME: usize = 128;

/// Refuses a batch that is empty or too long.
pub(super) fn check_length(operation: &'static str, length: usize) -> Result<(), PortError> {
    if (1..=MAX_BATCH).contains(&length) {
        return Ok(());
    }
    Err(PortError::Refused {
        operation,
        reason: format!("a batch has 1 to {MAX_BATCH} messages, not {length}"),
    })
}

/// Refuses a message that SQS would: it would refuse the whole request for some of these.
pub(super) fn check(operation: &'static str, message: &Outgoing, fifo: bool) -> Result<(), PortError> {
    let refused = |reason: &str| Err(PortError::Refused { operation, reason: reason.into() });
    let name =
        |text: &str| (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if message.body.is_empty() || message.body.len() > MAX_BYTES {
        return refused("a body has 1 byte to 1 MiB");
    }
    // https://www.w3.org/TR/REC-xml/#charsets
    let allowed =
        |c: char| !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    if !message.body.chars().all(allowed) {
        return refused("a body has no control characters");
    }
    if fifo && (!name(&message.group) || !name(&message.deduplication)) {
        return refused("a group or deduplication id has 1 to 128 printable ASCII characters");
    }
    Ok(())
}

/// The messages that have no answer yet, in as many requests as their size asks for, in order.
pub(super) fn split<T>(batch: &[Outgoing], answers: &[Option<T>]) -> Vec<Vec<usize>> {
    let mut requests: Vec<Vec<usize>> = Vec::new();
    let mut bytes = MAX_BYTES;
    for (at, (message, answer)) in batch.iter().zip(answers).enumerate() {
        if answer.is_some() {
            continue;
        }
        bytes = bytes.saturating_add(message.body.len());
        match requests.last_mut() {
            Some(request) if bytes <= MAX_BYTES => request.push(at),
            _ => {
                requests.push(vec![at]);
                bytes = message.body.len();
            }
        }
    }
    requests
}

/// Why one entry of a request was not done.
pub(super) fn failed_entry(operation: &'static str, entry: &BatchResultErrorEntry) -> PortError {
    // A throttled or forbidden key of the queue is told as the sender's fault; the message is good.
    let hindered = ["Throttl", "Kms", "KMS", "AccessDenied"].iter().any(|word| entry.code.contains(word));
    if entry.sender_fault && !hindered {
        return PortError::Refused { operation, reason: entry.code.clone() };
    }
    PortError::unavailable(operation, entry.code.clone())
}

/// Codes by which SQS says that a receipt is of a delivery that ended: it expired, was replaced by a later
/// one, or the message is gone.
const ENDED: [&str; 4] = [
    "ReceiptHandleIsInvalid",
    "InvalidParameterValue",
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
];

/// Passes over receipts of deliveries that ended.
pub(super) fn check_receipts(
    operation: &'static str,
    failed: &[BatchResultErrorEntry],
) -> Result<(), PortError> {
    match failed.iter().find(|entry| !ENDED.contains(&entry.code.as_str())) {
        Some(entry) => Err(failed_entry(operation, entry)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(code: &str, sender_fault: bool) -> BatchResultErrorEntry {
        BatchResultErrorEntry::builder().id("0").code(code).sender_fault(sender_fault).build().unwrap()
    }

    #[test]
    fn a_failed_entry_is_refused_when_the_message_is_at_fault_only() {
        for code in ["InvalidMessageContents", "InvalidParameterValue"] {
            assert!(matches!(failed_entry("test", &entry(code, true)), PortError::Refused { .. }));
        }
        for code in ["KMS.ThrottlingException", "KmsDisabled", "RequestThrottled", "AccessDenied"] {
            assert!(failed_entry("test", &entry(code, true)).is_transient(), "{code}");
        }
        assert!(failed_entry("test", &entry("InternalError", false)).is_transient());
    }

    #[test]
    fn a_receipt_that_ended_is_no_error() {
        let ended = ENDED.map(|code| entry(code, true));
        assert!(check_receipts("test", &ended).is_ok());
        let [one, ..] = ended;
        assert!(check_receipts("test", &[one, entry("InternalError", false)]).is_err());
    }

    #[test]
    fn requests_hold_a_mebibyte_and_keep_the_order() {
        let of = |length: usize| Outgoing {
            body: "x".repeat(length),
            group: "g".into(),
            deduplication: "d".into(),
        };
        let batch = [of(MAX_BYTES), of(1), of(MAX_BYTES - 1), of(1), of(7)];
        let mut answers: Vec<Option<()>> = vec![None; 5];
        assert_eq!(split(&batch, &answers), [vec![0], vec![1, 2], vec![3, 4]]);
        answers[2] = Some(());
        assert_eq!(split(&batch, &answers), [vec![0], vec![1, 3, 4]]);
        assert!(split(&batch, &[Some(()); 5]).is_empty());
    }
}
