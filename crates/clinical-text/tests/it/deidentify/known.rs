//! What the caller knows is masked wherever it stands, however it is written.

use zorgsluis_clinical_text::deidentify::{Kind, Known, deidentify};
use zorgsluis_domain::text::{Analysis, Category, Entity, EntityType};

fn jansen() -> Known {
    let mut known = Known::default();
    known
        .name("de Vries-Jansen")
        .name("Joke")
        .initials("J.M.")
        .identifier("1000001")
        .identifier("999990019")
        .phone("06-00000001")
        .email("j.devries@voorbeeld.example")
        .address("Zilverreigerdijk 12 a")
        .address("9090ZZ")
        .place("Lindewaard")
        .institution("Huisartsenpraktijk De Kreek")
        .date("1961-04-12");
    known
}

#[test]
fn names_are_found_however_they_are_written() {
    let known = jansen();
    for text in [
        "jansen",
        "JANSEN",
        "Jansens",
        "Jansén",
        "Jan\u{ad}sen",
        "Jan-\nsen",
        "de Vries",
        "De  Vries",
        "DE VRIES",
        "de\nVries",
        "De Vries-Jansen",
        "Vries-Jansen",
        "Jansen - de Vries",
        "joke",
        "Jokes",
        "J.M.",
        "J. M.",
        "Jansne",
        "Janssen",
        "J.M. Jansen",
    ] {
        let masked = deidentify(&format!("gezien door {text} vandaag"), &known);
        assert_eq!(masked.text(), "gezien door [NAME] vandaag", "{text:?}");
    }
    assert_eq!(deidentify("Jansen's zoon, Joke’s moeder", &known).text(), "[NAME]'s zoon, [NAME]’s moeder");
}

#[test]
fn numbers_are_found_with_other_separators() {
    let known = jansen();
    for (text, mask) in [
        ("1000001", "[NUMBER]"),
        ("100.00.01", "[NUMBER]"),
        ("9999-90-019", "[BSN]"),
        ("0600000001", "[PHONE]"),
        ("+31 6 00 00 00 01", "[PHONE]"),
        ("Zilverreigerdijk", "[ADDRESS]"),
        ("zilverreigerdijk 12", "[ADDRESS]"),
        ("9090 zz", "[POSTCODE]"),
        ("Lindewaard", "[PLACE]"),
        ("De Kreek", "[INSTITUTION]"),
        ("12041961", "[DATE]"),
        ("19610412", "[DATE]"),
    ] {
        let masked = deidentify(&format!("zie {text} aldaar"), &known);
        assert_eq!(masked.text(), format!("zie {mask} aldaar"), "{text:?}");
    }
}

#[test]
fn a_name_that_is_a_word_is_masked_where_it_is_a_name() {
    for (name, text, expected) in [
        ("de Jong", "een jong kind met de jonge moeder", "een jong kind met de jonge moeder"),
        ("de Jong", "Mevr. De Jong en Karel de Jong", "Mevr. [NAME] en [NAME]"),
        ("Bakker", "werkt als bakker, zegt Bakker", "werkt als bakker, zegt [NAME]"),
        ("Koning", "De koning. Dhr. Koning", "De koning. Dhr. [NAME]"),
        ("de Wit", "wit beslag op de tong. P. de Wit", "wit beslag op de tong. [NAME]"),
        ("Groot", "groot hart; mevr. Groot", "groot hart; mevr. [NAME]"),
        ("Vos", "door een vos gebeten, aldus T. Vos", "door een vos gebeten, aldus [NAME]"),
        ("Hart", "Hart: geen souffles. Mevr. Hart is moe", "Hart: geen souffles. Mevr. [NAME] is moe"),
        ("Crohn", "ziekte van Crohn bij mevr. Crohn", "ziekte van Crohn bij mevr. [NAME]"),
    ] {
        let mut known = Known::default();
        known.name(name);
        assert_eq!(deidentify(text, &known).text(), expected, "{name}");
    }
}

#[test]
fn a_whole_name_is_masked_in_any_order_though_its_last_word_is_a_word() {
    let mut known = Known::default();
    known.name("Annelies C. Kuiper").name("Tim van der Wolf");
    for text in [
        "annelies kuiper",
        "Annelies kuiper",
        "kuiper, annelies",
        "A. kuiper",
        "tim van der wolf",
        "van der wolf, tim",
    ] {
        let masked = deidentify(&format!("gezien: {text} thuis"), &known);
        let lower = masked.text().to_lowercase();
        assert!(!lower.contains("kuiper") && !lower.contains("wolf"), "{text:?}: {}", masked.text());
    }
    let text = "de kuiper en de wolf; der dagen";
    assert_eq!(deidentify(text, &known).text(), text);
}

#[test]
fn what_is_known_to_be_nothing_is_not_masked() {
    let mut known = Known::default();
    known
        .name("")
        .name("-")
        .name("de")
        .identifier("1")
        .phone("12")
        .place("")
        .address("12")
        .institution("Ziekenhuis")
        .date("1961");
    let text = "de patiënt lag 12 dagen in het ziekenhuis, kreeg 1 tablet in 1961";
    assert_eq!(deidentify(text, &known).text(), text);
}

#[test]
fn offsets_lead_back_to_the_original() {
    let text = "Mevr. Zoë Jansen kreeg 3 mei koorts 😷 en hoest.";
    let masked = deidentify(text, &jansen());
    assert_eq!(masked.text(), "Mevr. [NAME] kreeg [DATE] koorts 😷 en hoest.");
    let chars: Vec<char> = text.chars().collect();
    let words = |from: u32, to: u32| chars[from as usize..to as usize].iter().collect::<String>();
    let said: Vec<(String, Kind)> =
        masked.spans().iter().map(|span| (words(span.begin, span.end), span.kind)).collect();
    assert_eq!(said, [("Zoë Jansen".to_owned(), Kind::Name), ("3 mei".to_owned(), Kind::Date)]);
    let back = |word: &str| {
        let begin = masked.text().split(word).next().unwrap().chars().count() as u32;
        let range = masked.original_range(begin, begin + word.chars().count() as u32);
        words(range.start, range.end)
    };
    assert_eq!(back("koorts 😷"), "koorts 😷");
    assert_eq!(back("hoest."), "hoest.");
    assert_eq!(back("Mevr."), "Mevr.");
    assert_eq!(back("[NAME]"), "Zoë Jansen");
    assert_eq!(back("NAME"), "Zoë Jansen");
    assert_eq!(back("AME] kreeg [D"), "Zoë Jansen kreeg 3 mei");
}

#[test]
fn an_analysis_of_the_masked_text_is_one_of_the_original() {
    let text = "Mevr. Jansen kreeg op 3 mei koorts.";
    let masked = deidentify(text, &jansen());
    let entity = |words: &str| {
        let begin = masked.text().split(words).next().unwrap().chars().count() as u32;
        Entity {
            id: 0,
            begin_offset: begin,
            end_offset: begin + words.chars().count() as u32,
            score: 1.0,
            text: words.to_owned(),
            category: Category::MedicalCondition,
            r#type: EntityType::DxName,
            traits: Vec::new(),
            attributes: Vec::new(),
            icd10cm_concepts: Vec::new(),
            atc_concepts: Vec::new(),
            rx_norm_concepts: Vec::new(),
            snomed_ct_concepts: Vec::new(),
        }
    };
    let analysis = Analysis { entities: vec![entity("NAME"), entity("koorts")], ..Analysis::default() };
    let restored = masked.restore(analysis, text);
    let [fever] = restored.entities.as_slice() else { panic!("one entity is left") };
    assert_eq!((fever.begin_offset, fever.end_offset, fever.text.as_str()), (28, 34, "koorts"));
}
