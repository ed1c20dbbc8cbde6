//! From the trace header of X-Ray to that of the W3C.

/// The `traceparent` (W3C Trace Context §3.2) that says the same as `X-Amzn-Trace-Id`:
/// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. `None` when it lacks root or
/// parent: a trace needs both.
#[must_use]
pub fn traceparent(xray: &str) -> Option<String> {
    let part =
        |name: &str| xray.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let (time, unique) = part("Root")?.strip_prefix("1-")?.split_once('-')?;
    let parent = part("Parent")?;
    let sampled = if part("Sampled") == Some("1") { "01" } else { "00" };
    (hex(time, 8) && hex(unique, 24) && hex(parent, 16))
        .then(|| format!("00-{time}{unique}-{parent}-{sampled}"))
}

#[cfg(test)]
mod tests {
    use super::traceparent;

    #[test]
    fn a_header_of_xray_becomes_one_of_the_w3c() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:b";
        let parent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-";
        assert_eq!(traceparent(header), Some(format!("{parent}01")));
        assert_eq!(traceparent(&header.replace("Sampled=1", "Sampled=0")), Some(format!("{parent}00")));
        for wrong in [
            "",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
            &header.replace("Parent=5", "Parent=X"),
            &header.replace("Root=1-", "Root=2-"),
            &header.replace("Root=1-5", "Root=1-"),
        ] {
            assert_eq!(traceparent(wrong), None, "{wrong}");
        }
    }
}
