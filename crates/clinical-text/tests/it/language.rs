//! Dutch and English are told apart, others are neither.

use proptest::prelude::*;
use zorgsluis_clinical_text::language::detect;
use zorgsluis_domain::text::Language::{self, Dutch, English};

#[track_caller]
fn all(language: Option<Language>, texts: &[&str]) {
    let wrong: Vec<_> = texts.iter().filter(|text| detect(text) != language).collect();
    assert!(wrong.is_empty(), "not taken for {language:?}: {wrong:#?}");
}

#[test]
fn dutch_notes() {
    all(
        Some(Dutch),
        &[
            "Pat. opgenomen ivm POB, dd AP/PE",
            "Mw. 82 jr, bekend met DM2 en AF, nu benauwd.",
            "VG: COPD GOLD III, CVA 2015",
            "Geen koorts, geen hoesten.",
            "Start amoxicilline 3dd500mg gedurende 7 dagen",
            "Pt. met status na CABG, nu decompensatio cordis",
            "GEEN AANWIJZINGEN VOOR LONGEMBOLIE",
            "Dhr. gevallen, heupfractuur links",
            "Beleid: paracetamol 4dd1g zn",
            "X-thorax: geen infiltraat, hart niet vergroot",
            "Uw patiënte werd gezien op de polikliniek cardiologie",
            "FA: moeder mammacarcinoom",
            "Fractura colli femoris rechts",
            "Slaapt matig, stemming somber",
            "Decubitus graad 2 stuit",
            "Overgevoelig voor penicilline",
            "hypertensie",
            "buikpijn",
        ],
    );
}

#[test]
fn english_notes() {
    all(
        Some(English),
        &[
            "Pt c/o SOB x3d",
            "82F with PMH of T2DM, AF, now SOB",
            "No fever, no cough.",
            "Start amoxicillin 500 mg TID x 7 days",
            "s/p CABG, now decompensated HF",
            "NO EVIDENCE OF PULMONARY EMBOLISM",
            "Fell, left hip fracture",
            "Plan: acetaminophen 1g QID prn",
            "CXR: no infiltrate, heart not enlarged",
            "Your patient was seen in the cardiology clinic",
            "FHx: mother breast cancer",
            "Status post fractura colli femoris",
            "Diagnosis for this admission is s/p PE.",
            "Mood low, sleeping poorly",
            "Allergic to penicillin",
            "chest pain",
            "Father had a stroke",
        ],
    );
}

#[test]
fn others_are_neither() {
    all(
        None,
        &[
            "Der Patient wurde mit Fieber und Husten aufgenommen. Kein Hinweis auf eine Lungenembolie.",
            "Verdacht auf Herzinfarkt, Aufnahme auf die Intensivstation.",
            "Patient admis pour douleur thoracique. Pas de fièvre depuis trois jours.",
            "Le patient est connu pour une hypertension artérielle et un diabète de type 2.",
            "Paciente que ingresa por dolor torácico, sin fiebre desde hace dos días.",
            "Пациент поступил с болью в груди",
            "患者因胸痛入院",
            "",
            "120/80, 37.2",
            "PE",
        ],
    );
}

#[test]
fn a_long_text_takes_no_longer_than_its_beginning() {
    let text = format!("{}{}", "Geen koorts. ".repeat(1_500), "No fever today. ".repeat(100_000));
    assert_eq!(detect(&text), Some(Dutch));
}

proptest! {
    #[test]
    fn any_text_is_taken(text in any::<String>()) {
        let _ = detect(&text);
    }
}
