//! What the recogniser finds, and that no text harms it.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use zorgsluis_clinical_text::{ENGINE, LONGEST_TEXT, Recogniser};
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{Analysis, AttributeType, Category, Entity, EntityType, Language, TraitName};
use zorgsluis_domain::{Phi, PortError};

static RECOGNISER: LazyLock<Recogniser> = LazyLock::new(|| Recogniser::embedded().unwrap());

fn read(text: &str) -> Vec<Entity> {
    let entities = RECOGNISER.read(text, None).entities;
    check(text, &entities);
    entities
}

/// What holds for every analysis.
fn check(text: &str, entities: &[Entity]) {
    let points: Vec<char> = text.chars().collect();
    let slice = |from: u32, to: u32| points[from as usize..to as usize].iter().collect::<String>();
    let mut ids = HashSet::new();
    let mut last = 0;
    for entity in entities {
        assert!(entity.begin_offset >= last && entity.end_offset > entity.begin_offset, "over each other");
        last = entity.end_offset;
        assert_eq!(slice(entity.begin_offset, entity.end_offset), entity.text);
        assert!(ids.insert(entity.id) && entity.score > 0.0 && entity.score <= 1.0);
        let mut of_kind = HashSet::new();
        for one in &entity.traits {
            assert!(of_kind.insert(one.name) && one.score > 0.0 && one.score <= 1.0);
        }
        for one in &entity.attributes {
            assert_eq!(slice(one.begin_offset, one.end_offset), one.text);
            assert!(ids.insert(one.id));
        }
    }
}

/// Each as `text+TRAITS`, in order; of the traits those that matter.
fn told(text: &str) -> Vec<String> {
    read(text)
        .iter()
        .map(|entity| {
            let mut told = entity.text.clone();
            for (name, mark) in [
                (TraitName::Negation, "-"),
                (TraitName::PertainsToFamily, "@"),
                (TraitName::PastHistory, "<"),
                (TraitName::Hypothetical, "?"),
            ] {
                if entity.has(name) {
                    told.push_str(mark);
                }
            }
            told
        })
        .collect()
}

#[track_caller]
fn expect(text: &str, wanted: &[&str]) {
    assert_eq!(told(text), wanted, "{text}");
}

#[test]
fn negation() {
    expect(
        "Geen koorts, hoesten of dyspnoe. Wel hoofdpijn.",
        &["koorts-", "hoesten-", "dyspnoe-", "hoofdpijn"],
    );
    expect("Patiënt heeft geen diabetes maar wel hypertensie.", &["diabetes-", "hypertensie"]);
    expect("koorts: nee, hoesten: ja, diarree -, braken +", &["koorts-", "hoesten", "diarree-", "braken"]);
    expect("Longembolie werd uitgesloten. Pneumonie niet uitgesloten.", &["Longembolie-", "Pneumonie?"]);
    expect("Geen toename van het oedeem.", &["oedeem"]);
    expect("Slaapt niet door de pijn.", &["pijn"]);
    expect("Denies fever, chills or cough but reports fatigue.", &["fever-", "chills-", "cough-", "fatigue"]);
    expect("PE was ruled out. DVT cannot be ruled out.", &["PE-", "DVT?"]);
    expect("No change in edema. No improvement in cough.", &["edema", "cough"]);
}

#[test]
fn family() {
    expect("Moeder had borstkanker. Zelf heeft zij migraine.", &["borstkanker@", "migraine"]);
    expect("FA: vader hartinfarct, moeder diabetes.", &["hartinfarct@", "diabetes@"]);
    expect("Dochter vertelt dat patiënt koorts heeft.", &["koorts"]);
    expect("Mother with breast cancer; patient has asthma.", &["breast cancer@", "asthma"]);
    expect("Brought in by mother after a seizure. Wife reports confusion.", &["seizure", "confusion"]);
}

#[test]
fn past() {
    expect("Status na CVA. Nu hoofdpijn.", &["CVA<", "hoofdpijn"]);
    expect("In 2015 hartinfarct. Sinds 2010 diabetes.", &["hartinfarct<", "diabetes"]);
    expect("VG: COPD, TIA 2012\nAnamnese: sinds gisteren buikpijn.", &["COPD<", "TIA<", "buikpijn"]);
    expect("s/p PE. History of depression, now has anxiety.", &["PE<", "depression<", "anxiety"]);
    expect(
        "Past medical history:\n1. Hypertension\n2. CHF\n\nHas cough.",
        &["Hypertension<", "CHF<", "cough"],
    );
    expect("Geen epilepsie in de voorgeschiedenis.", &["epilepsie-"]);
}

#[test]
fn what_may_be_or_may_come() {
    expect(
        "Verdenking op pneumonie. DD longembolie, hartfalen.",
        &["pneumonie?", "longembolie?", "hartfalen?"],
    );
    expect("Bij koorts contact opnemen.", &["koorts?"]);
    expect("Klachten passend bij jicht.", &["jicht"]);
    expect("Gezien op dd 12-03-2024 wegens jeuk.", &["jeuk"]);
    expect("r/o MI. If fever develops, return to the ED.", &["MI?", "fever?"]);
    expect("PE? Possible sepsis.", &["PE?", "sepsis?"]);
}

#[test]
fn allergies_are_no_medicines() {
    let found = read("Patiënt is allergisch voor penicilline en codeïne. Start doxycycline 100 mg.");
    let medicines: Vec<_> = found.iter().filter(|one| one.category == Category::Medication).collect();
    assert!(medicines.len() == 1 && medicines[0].text == "doxycycline");
    let allergy = found.iter().find(|one| one.text == "allergisch voor penicilline").unwrap();
    assert_eq!(allergy.icd10cm_concepts[0].code, "Z88.0");
    expect("Allergieën: penicilline (exantheem), ibuprofen.", &[]);
    assert!(read("Penicillin allergy.").iter().all(|one| one.category == Category::MedicalCondition));
}

#[test]
fn doses() {
    use AttributeType::{Dosage, Duration, Form, Frequency, Rate, RouteOrMode, Strength};
    let cases: [(&str, &[(AttributeType, &str)]); 16] = [
        ("metoprolol 50 mg 2dd1", &[(Strength, "50 mg"), (Frequency, "2dd1")]),
        (
            "paracetamol 4dd1000mg zo nodig",
            &[(Frequency, "4dd"), (Strength, "1000mg"), (Frequency, "zo nodig")],
        ),
        (
            "2 tabletten paracetamol 500 mg p.o.",
            &[(Dosage, "2 tabletten"), (Strength, "500 mg"), (RouteOrMode, "p.o.")],
        ),
        (
            "amoxicilline 500 mg 3x daags gedurende 7 dagen",
            &[(Strength, "500 mg"), (Frequency, "3x daags"), (Duration, "7 dagen")],
        ),
        ("simvastatine 40 mg 0-0-1", &[(Strength, "40 mg"), (Frequency, "0-0-1")]),
        ("Insuline glargine 20 E voor de nacht", &[(Dosage, "20 E"), (Frequency, "voor de nacht")]),
        (
            "Diclofenac 50 mg 2-3 dd 1 tablet zn",
            &[(Strength, "50 mg"), (Frequency, "2-3 dd"), (Dosage, "1 tablet"), (Frequency, "zn")],
        ),
        ("Lantus 22 EH 's avonds", &[(Dosage, "22 EH"), (Frequency, "'s avonds")]),
        ("Noradrenaline 0,1 mcg/kg/min", &[(Rate, "0,1 mcg/kg/min")]),
        ("Furosemide opgehoogd van 40 mg naar 80 mg", &[(Strength, "80 mg")]),
        ("furosemide 40 1dd1 tablet", &[(Strength, "40"), (Frequency, "1dd1"), (Form, "tablet")]),
        (
            "prednison 30 mg 1dd gedurende 5 dagen",
            &[(Strength, "30 mg"), (Frequency, "1dd"), (Duration, "5 dagen")],
        ),
        (
            "Patient takes ibuprofen 400 mg three times a day as needed",
            &[(Strength, "400 mg"), (Frequency, "three times a day as needed")],
        ),
        (
            "vancomycin 1 g IV q12h for 7 days",
            &[(Strength, "1 g"), (RouteOrMode, "IV"), (Frequency, "q12h"), (Duration, "7 days")],
        ),
        ("heparin drip at 5 units/hr started", &[(Form, "drip"), (Rate, "5 units/hr")]),
        ("Taking propranolol 10Mg bid", &[(Strength, "10Mg"), (Frequency, "bid")]),
    ];
    for (text, wanted) in cases {
        let language = if text.chars().any(|letter| letter == 'q')
            || text.contains("ing")
            || text.contains("take")
            || text.contains("hr")
        {
            Language::English
        } else {
            Language::Dutch
        };
        let found = RECOGNISER.read(text, Some(language)).entities;
        check(text, &found);
        assert_eq!(found.len(), 1, "{text}");
        let told: Vec<_> = found[0].attributes.iter().map(|one| (one.r#type, one.text.as_str())).collect();
        assert_eq!(told, wanted, "{text}");
    }
}

#[test]
fn each_dose_goes_with_its_medicine() {
    let found = read("Start metoprolol 50 mg, 2 tabletten oxazepam 10 mg en paracetamol zn.");
    let told: Vec<_> =
        found.iter().map(|one| one.attributes.iter().map(|a| a.text.as_str()).collect::<Vec<_>>()).collect();
    assert_eq!(told, [vec!["50 mg"], vec!["2 tabletten", "10 mg"], vec!["zn"]]);
}

#[test]
fn stopped_considered_and_measured_medicines() {
    expect(
        "Prednison gestaakt. Overweeg amitriptyline. Geen aspirine gegeven.",
        &["Prednison<", "amitriptyline?", "aspirine-"],
    );
    expect("Acenocoumarol is omgezet naar apixaban.", &["Acenocoumarol<", "apixaban"]);
    expect("The sodium was 138 and glucose 6.1 today.", &[]);
    expect("Patiënt drinkt geen alcohol.", &[]);
}

#[test]
fn other_ways_of_writing() {
    let codes = |text: &str| -> Vec<String> {
        read(text).iter().flat_map(|one| one.icd10cm_concepts.iter().map(|c| c.code.clone())).collect()
    };
    for text in [
        "Patiënt met longembolie.",
        "Patiënt met long-embolie.",
        "Patiënt met een LONGEMBOLIE.",
        "Patiënt met longembolieën.",
        "Patiënt met long embolie.",
        "Patiënt met een long-\nembolie.",
        "Patiënt met longemoblie.",
    ] {
        assert_eq!(codes(text), ["I26.99"], "{text}");
    }
    assert_eq!(codes("Bekend met DM2, DM 2 en dm2."), ["E11.9"; 3]);
    assert_eq!(codes("The patient has oedema and edema."), ["R60.9"; 2]);
    // Ordinary words that lie one letter from a term, services, and what is no term by itself.
    expect("De factuur is betaald na het concert. De verwarming doet het.", &[]);
    expect("Afspraak op de hartfalenpoli met de diabetesverpleegkundige.", &[]);
    expect("Als hij komt, is de arts er ook. ALS HIJ KOMT, IS DE ARTS AF.", &[]);
    expect("VG: AF 2015, HT, MI 2 jaar geleden.", &["AF<", "HT<", "MI<"]);
    expect("Controles: RR 140/80, AF 16, T 37,2. Lab: Hb 8,1, Ht 0,41. Bekend met AF.", &["AF"]);
    expect("There was ST depression in V4. Her nurse was the same as before.", &[]);
}

#[test]
fn a_compound_that_no_list_has_is_what_its_head_says() {
    let found = read(
        "X-foto: kuitbeenfractuur, geen kuitbeenfractuurtje gezien vorige week; wel een elleboogzwelling.",
    );
    assert!(found.iter().any(|one| one.text == "elleboogzwelling" && one.score < 0.8));
}

/// A note like the one of the public AWS example, in words of our own.
#[test]
fn an_english_admission_note() {
    let text = "68 year old male transferred on 3/2/14 from County Hospital to Room 12A. Admitting diagnosis is s/p CVA. \
        Pt admitted for PT/OT/wound care/IV ABT. He had a companion at the hospital d/t marked restlessness and nausea with \
        the feeding tube. According to the chart, one day prior to transfer his mental status cleared and he no longer needed \
        the companion. Co-morbid diagnoses include schizophrenia, chronic kidney disease, hypertension and a-fib. Patient has \
        been taking atenalol 25Mg";
    let found = read(text);
    let of = |category| -> Vec<&str> {
        found.iter().filter(|one| one.category == category).map(|one| one.text.as_str()).collect()
    };
    let conditions = of(Category::MedicalCondition);
    for wanted in
        ["CVA", "restlessness", "nausea", "schizophrenia", "chronic kidney disease", "hypertension", "a-fib"]
    {
        assert!(conditions.contains(&wanted), "{wanted}");
    }
    assert!(conditions.iter().all(|one| *one == "wound" || conditions.len() <= 8), "{conditions:?}");
    assert_eq!(of(Category::Medication), ["atenalol"]);
    assert!(found.iter().find(|one| one.text == "CVA").unwrap().has(TraitName::PastHistory));
}

/// The same constructs as the public example has, in words of our own: age and sex first, a date with slashes, an
/// acronym behind `s/p`, a row of abbreviations that are treatments, `d/t`, `no longer`, a list at the end of
/// its sentence, a misspelt medicine with its dose glued on, and no full stop.
#[test]
fn a_note_of_a_transfer_gives_what_it_names_and_nothing_else() {
    let note = "67 year old Asian male transferred on 3/4/19 from Harbor View to Room 12C. Diagnosis for this stay is \
                s/p CVA. Pt admitted for PT/OT/wound care/IV ABT. He had a one-to-one aide in the ICU d/t restlessness \
                and anxiety with the feeding tube. Per his chart, a day before transfer his mental status was better \
                and he no longer needed the aide. Other diagnoses include schizophrenia, restless legs syndrome, \
                hypertension and a-fib. Resident has been taking metoprolal 25Mg";
    let found = read(note);
    let of = |category| found.iter().filter(move |one| one.category == category).map(|one| one.text.as_str());
    let conditions: Vec<_> = of(Category::MedicalCondition).collect();
    let expected = [
        "CVA",
        "restlessness",
        "anxiety",
        "schizophrenia",
        "restless legs syndrome",
        "hypertension",
        "a-fib",
    ];
    assert_eq!(conditions, expected);
    assert!(found.iter().all(|one| !one.has(TraitName::Negation)));
    assert!(found[0].has(TraitName::PastHistory));
    assert_eq!(of(Category::Medication).collect::<Vec<_>>(), ["metoprolal"]);
    let medicine = found.last().unwrap();
    assert_eq!(medicine.r#type, EntityType::GenericName);
    let said: Vec<_> = medicine.attributes.iter().map(|one| (one.r#type, one.text.as_str())).collect();
    assert_eq!(said, [(AttributeType::Strength, "25Mg")]);
}

#[test]
fn what_the_words_around_say_in_the_ways_that_others_write() {
    use TraitName::{Hypothetical, Negation, PastHistory};
    // Text, entity, trait, whether it has it.
    for (text, words, name, has) in [
        ("Lisinopril gestopt, gestart met losartan 50 mg.", "losartan", PastHistory, false),
        ("Lisinopril gestopt, gestart met losartan 50 mg.", "Lisinopril", PastHistory, true),
        ("Stopped lisinopril, started losartan 50 mg daily.", "losartan", PastHistory, false),
        ("Furosemide wegens hyponatriëmie gestaakt.", "Furosemide", PastHistory, true),
        ("Bisoprolol werd niet gestaakt.", "Bisoprolol", PastHistory, false),
        ("Geen longembolie, dd pneumonie.", "pneumonie", Negation, false),
        ("Geen longembolie, dd pneumonie.", "pneumonie", Hypothetical, true),
        ("Sepsis moet worden uitgesloten.", "Sepsis", Hypothetical, true),
        ("Sluit een fractuur niet uit.", "fractuur", Hypothetical, true),
        ("Patient komt ivm hoesten, ?pneumonie", "pneumonie", Hypothetical, true),
        ("Vraagstelling: pneumonie", "pneumonie", Hypothetical, true),
        ("No new complaints, COPD stable.", "COPD", Negation, false),
        ("De jeuk reageert niet op cetirizine.", "cetirizine", Negation, false),
        ("Return precautions: dyspnea, fever.", "fever", Hypothetical, true),
    ] {
        let found = read(text);
        let one = found.iter().find(|one| one.text == words).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(one.has(name), has, "{text}: {words} {name:?}");
    }
    assert!(read("Mevr. Jeuk belde, en dhr. Hoest kwam mee.").is_empty(), "so they are called");
    assert_eq!(RECOGNISER.read("Levercirrose Child B.", None).language, Some(Language::Dutch));
    let strength = read("Lisinopril 10 daily")[0].attributes[0].clone();
    assert!(strength.r#type == AttributeType::Strength && strength.text == "10");
}

/// `ZORGSLUIS_ATC=no` leaves the codes out of the build, and nothing else.
#[test]
fn medicines_have_the_codes_that_the_build_has() {
    let found = read("Start metoprolol 50 mg. Allergisch voor claritromycine.");
    let codes: Vec<_> = found[0].atc_concepts.iter().map(|one| one.code.as_str()).collect();
    let allergy = found[1].icd10cm_concepts[0].code.as_str();
    match env!("ZORGSLUIS_ATC") {
        "no" => assert!(codes.concat().is_empty() && allergy == "Z88.9"),
        _ => assert!(codes == ["C07AB02"] && allergy == "Z88.1"),
    }
}

/// The sample of the public example; it is not part of the repository.
#[test]
fn the_public_example_gives_its_entities_and_nothing_false_where_it_is_at_hand() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let (Ok(sample), Ok(wanted)) = (
        std::fs::read_to_string(folder.join("sqs-adt-a04.json")),
        std::fs::read_to_string(folder.join("sqs-adt-a04.expected-entities.json")),
    ) else {
        println!("skipped: {} is not here", folder.display());
        return;
    };
    let sample: serde_json::Value = serde_json::from_str(&sample).unwrap();
    let wanted: serde_json::Value = serde_json::from_str(&wanted).unwrap();
    let message = sample["Records"][0]["body"].as_str().unwrap();
    let note = message.split("OBX|").nth(1).unwrap().split('|').nth(4).unwrap().trim();
    let found = read(note);
    for (list, category) in
        [("medications", Category::Medication), ("conditions", Category::MedicalCondition)]
    {
        let mut told: Vec<_> =
            found.iter().filter(|one| one.category == category).map(|one| one.text.to_uppercase()).collect();
        let mut names: Vec<_> =
            wanted[list].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        told.sort();
        names.sort();
        assert_eq!(told, names);
    }
    let medicine = found.iter().find(|one| one.category == Category::Medication).unwrap();
    assert!(medicine.r#type == EntityType::GenericName && medicine.attributes[0].text == "10Mg");
}

#[test]
fn the_port() {
    let recogniser: &dyn TextAnalysis = &*RECOGNISER;
    assert!(recogniser.engine() == ENGINE && !recogniser.is_outside());
    let analysis = now(recogniser.analyse(&Phi::new("Geen koorts.".to_owned()), None)).unwrap();
    assert_eq!(analysis.model_version, recogniser.version());
    assert!(analysis.language == Some(Language::Dutch) && analysis.entities.len() == 1);
    let german = now(recogniser.analyse(&Phi::new("Der Patient hat kein Fieber.".to_owned()), None)).unwrap();
    assert!(german.language.is_none() && german.entities.is_empty());
    let long = Phi::new(" ".repeat(LONGEST_TEXT + 1));
    assert!(matches!(now(recogniser.analyse(&long, None)), Err(PortError::Refused { .. })));
}

/// None of these calls waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!(),
    }
}

#[test]
fn the_json_is_that_of_comprehend_medical_and_offsets_count_code_points() {
    let text = "😀 Patiënt heeft koorts.";
    let analysis = RECOGNISER.read(text, None);
    let json = serde_json::to_value(&analysis).unwrap();
    let entity = &json["Entities"][0];
    assert_eq!(entity["BeginOffset"], 16);
    assert_eq!(entity["EndOffset"], 22);
    assert_eq!(entity["Category"], "MEDICAL_CONDITION");
    assert_eq!(entity["Type"], "DX_NAME");
    assert_eq!(entity["Traits"][0]["Name"], "SYMPTOM");
    assert_eq!(entity["ICD10CMConcepts"][0]["Code"], "R50.9");
    assert!(serde_json::from_value::<Analysis>(json).unwrap() == analysis);
}

#[test]
fn long_texts_are_read_to_their_end() {
    let text =
        format!("{} Nu koorts.", "Geen pijn op de borst, start metoprolol 50 mg 2dd1. ".repeat(20_000));
    let found = read(&text);
    assert_eq!(found.len(), 40_001);
    assert_eq!(found.last().unwrap().text, "koorts");
    // Neither one endless sentence nor one endless word is a burden.
    assert_eq!(read(&format!("Er is geen {}", "koorts en hoest, ".repeat(30_000))).len(), 60_000);
    assert!(read(&"koortsk".repeat(100_000)).is_empty());
    assert!(
        RECOGNISER.read(&"longontstekinx ".repeat(20_000), Some(Language::Dutch)).entities.len() == 20_000
    );
}

#[test]
fn the_vocabulary_is_small() {
    let size = RECOGNISER.vocabulary_size();
    println!("vocabulary: {size} bytes");
    assert!(size < 10 << 20);
}

/// Words and marks that the rules know, in any order.
fn clinical() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "geen",
        "koorts",
        "VG:",
        "FA:",
        "moeder",
        "2015",
        "-",
        "?",
        "(",
        ")",
        ",",
        ".",
        "\n",
        "\r\n",
        "10",
        "mg",
        "2dd1",
        "dd",
        "metoprolol",
        "allergisch",
        "voor",
        "penicilline",
        "s/p",
        "PE",
        "hart-",
        "hart",
        "falen",
        "zo nodig",
        "1-0-1",
        "q",
        "h",
        "no",
        "history of",
        "ruled out",
        "é",
        "😀",
        "\u{300}",
        "'",
        "i.v.",
        "/",
        ":",
        "•",
        "½",
        "%",
        "indien",
        "bellen",
        "DM",
        "2",
        "x",
    ]);
    prop::collection::vec((words, prop::sample::select(vec!["", " ", " ", "  "])), 0..60)
        .prop_map(|parts| parts.into_iter().map(|(word, blank)| format!("{word}{blank}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        for language in [Language::Dutch, Language::English] {
            check(&text, &RECOGNISER.read(&text, Some(language)).entities);
        }
    }

    #[test]
    fn any_order_of_clinical_words_is_read(text in clinical()) {
        for language in [Language::Dutch, Language::English] {
            check(&text, &RECOGNISER.read(&text, Some(language)).entities);
        }
    }
}
