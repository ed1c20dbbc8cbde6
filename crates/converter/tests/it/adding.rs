//! The page `docs/adding-a-message.md`, and the tests that it shows.

use std::path::Path;

use zorgsluis_converter::convert;

use crate::support::{example, of_kind, options, run};

#[test]
fn a_bed_status_update_says_how_the_bed_is() {
    let (bundle, report) = run(&example("NPU.hl7"));
    let beds = of_kind(&bundle, "Location");
    let bed = beds.iter().find(|place| place["operationalStatus"].is_object()).unwrap();
    assert_eq!(bed["operationalStatus"]["system"], "http://terminology.hl7.org/CodeSystem/v2-0116");
    assert_eq!(bed["operationalStatus"]["code"], "U");
    assert!(of_kind(&bundle, "Patient").is_empty());
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn a_bed_status_update_without_a_bed_is_refused_at_its_place() {
    let message = String::from_utf8(example("NPU.hl7")).unwrap().replace("C3^12^1^LINDE", "");
    let refusal = convert(message.as_bytes(), &options()).unwrap_err();
    assert_eq!((refusal.code, refusal.at.as_str()), ("no-bed", "NPU[1]-1"));
}

/// Each block with a file's name above it stands in that file.
#[test]
fn the_page_shows_the_code_that_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/adding-a-message.md")).unwrap();
    let mut blocks = 0;
    for part in page.split("<!-- ").skip(1) {
        let (file, rest) = part.split_once(" -->\n```").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        let (block, _) = rest.split_once("\n```").unwrap();
        let stands = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(stands.contains(block), "{file} does not hold:\n{block}");
        blocks += 1;
    }
    assert!(blocks >= 6, "the page shows {blocks} blocks of code");
}
