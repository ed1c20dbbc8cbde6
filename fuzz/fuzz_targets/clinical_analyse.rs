//! A note to an analysis: no panic, offsets on code points of the text, entities in order and apart, the same
//! answer twice.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_domain::text::Language;

static RECOGNISER: LazyLock<Recogniser> = LazyLock::new(|| Recogniser::embedded().expect("the vocabulary"));

fuzz_target!(|text: &str| {
    let points: Vec<char> = text.chars().collect();
    for language in [None, Some(Language::Dutch), Some(Language::English)] {
        let analysis = RECOGNISER.read(text, language);
        assert!(analysis == RECOGNISER.read(text, language));
        let mut end = 0;
        for entity in &analysis.entities {
            assert!(entity.begin_offset >= end && entity.end_offset > entity.begin_offset);
            end = entity.end_offset;
            let range = entity.begin_offset as usize..entity.end_offset as usize;
            let said: String = points[range].iter().collect();
            assert_eq!(said, entity.text);
        }
    }
});
