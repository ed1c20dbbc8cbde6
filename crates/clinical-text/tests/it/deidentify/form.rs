//! What is found without knowing anybody: by its form, and by the words around it.

use zorgsluis_clinical_text::deidentify::{Known, deidentify};

use super::masked;

/// Each line: a text, and what becomes of it.
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(text, expected)| masked(text) != *expected)
        .map(|(text, expected)| format!("{text}\n  is      {}\n  must be {expected}", masked(text)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Texts that tell of nobody.
fn stays(texts: &[&str]) {
    let cases: Vec<(&str, &str)> = texts.iter().map(|text| (*text, *text)).collect();
    check(&cases);
}

#[test]
fn dates_in_dutch_and_english() {
    check(&[
        ("Op 12-03-2021 gezien.", "Op [DATE] gezien."),
        ("Gezien 12/03/21, 12.03.2021 en 2021-03-12.", "Gezien [DATE], [DATE] en [DATE]."),
        ("12 mrt '21 en 3 maart", "[DATE] en [DATE]"),
        ("kwam op 3 mei. Wit, 4 mrt. weg", "kwam op [DATE]. Wit, [DATE]. weg"),
        ("maandag 3 mei: controle", "[DATE]: controle"),
        ("March 3rd; 3rd of March 2021", "[DATE]; [DATE]"),
        ("seen 7/16/13 and July 4, 2022", "seen [DATE] and [DATE]"),
        ("van 2 t/m 9 april 2024", "van [DATE]"),
        ("d.d. 3/5 en dd. 12-3", "d.d. [DATE] en dd. [DATE]"),
        ("geb. 1931", "geb. [DATE]"),
        ("in maart 2022, sinds september", "in [DATE], sinds [DATE]"),
        ("20210312 en 202103121430", "[DATE] en [DATE]"),
        ("2021-03-12T14:30:00+01:00", "[DATE]"),
        ("3 mei 20 mg gestart", "[DATE] 20 mg gestart"),
        ("10-12-2020: 10-12 mg", "[DATE]: 10-12 mg"),
        ("12-mrt-2021 om 14:30", "[DATE] om 14:30"),
    ]);
    stays(&[
        "sinds 2019 bekend",
        "3/5 kracht, 120/80, 38.5, 1/2 tablet, 2 dd 1/2 tablet",
        "kracht op 3/5, pijn op 3-4 plaatsen",
        "10-12 mg, L4-L5, T2N0M0, 1-0-1",
        "she may take 2 tablets, marathon gelopen",
        "over 2-3 weken, elke 6-8 uur",
    ]);
}

#[test]
fn ages_over_89() {
    check(&[
        ("92-jarige vrouw", "[AGE]-jarige vrouw"),
        ("hij is 92 jaar", "hij is [AGE] jaar"),
        ("a 92 year old man, aged 95", "a [AGE] year old man, aged [AGE]"),
        ("101-year-old, 90 y/o, 94M", "[AGE]-year-old, [AGE] y/o, [AGE]M"),
        ("een tweeënnegentigjarige man", "een [AGE]jarige man"),
    ]);
    stays(&["89-jarige vrouw", "42 year old", "sat 92%", "92 mmol/l", "pols 95/min", "leeftijd 78"]);
}

#[test]
fn numbers_of_persons() {
    check(&[
        ("999990019", "[BSN]"),
        ("BSN: 9999.90.019", "BSN: [BSN]"),
        ("bsn 999 990 019", "bsn [BSN]"),
        ("patiëntnummer 4471882", "patiëntnummer [NUMBER]"),
        ("MRN: 00456712.", "MRN: [NUMBER]."),
        ("AGB 01999101, UZI-nummer 900030787", "AGB [NUMBER], UZI-nummer [NUMBER]"),
        ("IBAN NL91ABNA0417164300", "IBAN [IBAN]"),
        ("NL91 ABNA 0417 1643 00", "[IBAN]"),
        ("kenteken 12-ABC-3", "kenteken [NUMBER]"),
        ("SSN 123-45-6789", "SSN [NUMBER]"),
        ("BSN 123456789 (foutief)", "BSN [NUMBER] (foutief)"),
    ]);
    // Nine digits that fail the 11-test, and eight: no BSN.
    stays(&["telling 123456789", "telling 12345678", "Hb 7.2, CRP 112, trombocyten 250", "SNOMED 44054006"]);
}

#[test]
fn addresses_of_places_and_machines() {
    check(&[
        ("Kerkstraat 12, 1234 AB Utrecht", "[ADDRESS], [POSTCODE] [PLACE]"),
        ("Prins Hendrikkade 33-2", "[ADDRESS]"),
        ("Laan van Meerdervoort 10 bis", "[ADDRESS]"),
        ("1234AB", "[POSTCODE]"),
        ("123 Fake Street, Apt 4", "[ADDRESS]"),
        ("lives at 12 Oak Ave.", "lives at [ADDRESS]"),
        ("06-12345678 / +31 6 12 34 56 78 / 020-1234567", "[PHONE] / [PHONE] / [PHONE]"),
        ("(555)555-0123 or 555-123-4567", "[PHONE] or [PHONE]"),
        ("tel. 0172 123456", "tel. [PHONE]"),
        ("sein 1234", "sein [PHONE]"),
        ("mail jan.jansen@ziekenhuis.example!", "mail [EMAIL]!"),
        ("zie https://www.voorbeeld.example/p?id=1", "zie [URL]"),
        ("van 192.168.1.20", "van [IP]"),
        ("kamer 12, Room 115B, bed 3", "kamer [ROOM], Room [ROOM], bed [ROOM]"),
        ("woont te Lindewaard", "woont te [PLACE]"),
        ("komt uit 's-Hertogenbosch", "komt uit [PLACE]"),
    ]);
    stays(&[
        "IN 2024 IN ZORG",
        "1000 MG",
        "2000 ml vocht",
        "urineweg 2x gespoeld",
        "on room air",
        "versie 1.2.3",
    ]);
}

#[test]
fn names_by_the_words_around_them() {
    check(&[
        ("dhr. Zevenhuizen", "dhr. [NAME]"),
        ("mw. De Vries-Jansen komt", "mw. [NAME] komt"),
        ("de heer van 't Hof", "de heer [NAME]"),
        ("prof. dr. J.P. Balk", "prof. dr. [NAME]"),
        ("A.B. de Wit", "[NAME]"),
        ("huisarts Wapperom", "huisarts [NAME]"),
        ("partner Floortje, dochter Zora", "partner [NAME], dochter [NAME]"),
        ("Pt John Smith", "Pt [NAME]"),
        ("Mr. Whitcombe and Mrs. O'Brien", "Mr. [NAME] and Mrs. [NAME]"),
        ("Jan van den Berg", "[NAME]"),
        ("dhr. Wapperom kwam. Later vertelde Wapperom", "dhr. [NAME] kwam. Later vertelde [NAME]"),
        ("mw de vries", "mw [NAME]"),
        ("Dr. Long will see her, Dr. House too", "Dr. [NAME] will see her, Dr. [NAME] too"),
        ("Jansen, J.P.", "[NAME]"),
        ("Dr. Wit, dr. Groot en mevr. Koning", "Dr. [NAME], dr. [NAME] en mevr. [NAME]"),
    ]);
    stays(&[
        "een jonge bakker met een groot wit litteken",
        "M. Parkinson, Alzheimer, ziekte van Crohn, Hodgkin, Lyme, Down",
        "vader Parkinson, moeder Mammacarcinoom, broer DM2",
        "Parkinson's disease, Graves disease, Bell's palsy, Foley catheter",
        "Glasgow Coma Scale 15, Apgar 9/10, Barthel index 12",
        "E. Coli, S. Aureus en H. Pylori",
        "Patient has MS. MR brain: normal. Pt admitted for PT/OT",
        "Vitamine D. Patiënt gebruikt Metoprolol en Simvastatine.",
        "Past Medical History: Type 2 Diabetes Mellitus, Chronic Fatigue Syndrome",
        "Medicatie: Augmentin, Seretide, Losec. Allergie: Penicilline.",
    ]);
}

#[test]
fn institutions() {
    check(&[
        ("in het Catharina Ziekenhuis", "in het [INSTITUTION]"),
        ("UMC Utrecht", "[INSTITUTION]"),
        ("from Mercy General to Room 115B", "from [INSTITUTION] to Room [ROOM]"),
        ("verpleeghuis De Kastanje", "verpleeghuis [INSTITUTION]"),
        ("Huisartsenpraktijk De Kreek", "[INSTITUTION]"),
        ("St. Mary's Hospital", "[INSTITUTION]"),
    ]);
    stays(&[
        "naar het ziekenhuis",
        "the hospital",
        "in a nursing home",
        "polikliniek cardiologie",
        "General: no distress",
    ]);
}

#[test]
fn the_published_sample_keeps_its_conditions() {
    let note = "42 year old Caucasian female admitted on 7/16/13 from Mercy General to Room 115B. Diagnosis for this \
        admission is s/p PE. Pt admitted for PT/OT/pain control/IV ABT. She had a sitter at the hospital d/t severe \
        agitation and discomfort with the IV line. According to hospital records, two days prior to transfer, her \
        cognitive status improved and she no longer required the sitter. Co-morbid diagnoses include bipolar disorder, \
        chronic fatigue syndrome, diabetes and a-fib. Patient has been taking propanolol 10Mg";
    let expected =
        note.replace("7/16/13", "[DATE]").replace("Mercy General", "[INSTITUTION]").replace("115B", "[ROOM]");
    assert_eq!(masked(note), expected);
}

#[test]
fn debug_shows_no_words() {
    let mut known = Known::default();
    known.name("Zevenhuizen").identifier("4471882");
    let masked = deidentify("dhr. Zevenhuizen, laag Hb", &known);
    let debug = format!("{known:?} {masked:?}");
    assert!(!debug.contains("even") && !debug.contains("4471882") && !debug.contains("Hb"), "{debug}");
}
