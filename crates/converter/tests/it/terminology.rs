//! The tables of codes, and the page that shows them.

use std::path::Path;

use zorgsluis_converter::table;

/// With `ZORGSLUIS_WRITE_DOCS=1` the page is written anew.
#[test]
fn the_page_shows_the_tables() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/terminology.md");
    let made = table::markdown();
    if std::env::var_os("ZORGSLUIS_WRITE_DOCS").is_some() {
        std::fs::write(&page, &made).unwrap();
    }
    let stands = std::fs::read_to_string(&page).unwrap();
    assert!(stands == made, "docs/terminology.md: run this test with ZORGSLUIS_WRITE_DOCS=1");
}
