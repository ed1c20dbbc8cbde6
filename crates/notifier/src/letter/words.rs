//! The words of both languages.

use zorgsluis_domain::notice::NotifiedEvent;
use zorgsluis_domain::text::Language;

/// Everything that a mail says by itself.
pub(crate) struct Words {
    pub(crate) message_from: &'static str,
    pub(crate) for_: &'static str,
    pub(crate) patient: &'static str,
    pub(crate) name: &'static str,
    pub(crate) birth_date: &'static str,
    pub(crate) sex: &'static str,
    pub(crate) number: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) visit: &'static str,
    pub(crate) event: &'static str,
    pub(crate) when: &'static str,
    pub(crate) ward: &'static str,
    pub(crate) attending: &'static str,
    pub(crate) start: &'static str,
    pub(crate) end: &'static str,
    pub(crate) conditions: &'static str,
    pub(crate) medicines: &'static str,
    pub(crate) results: &'static str,
    pub(crate) conclusion: &'static str,
    pub(crate) range: &'static str,
    pub(crate) none_known: &'static str,
    pub(crate) more: &'static str,
    pub(crate) by_software: &'static str,
    pub(crate) supposed: &'static str,
    pub(crate) abnormal: &'static str,
    pub(crate) not_final: &'static str,
    pub(crate) corrected: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) automatic: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) without_phi: &'static str,
    pub(crate) read_it_here: &'static str,
    pub(crate) get_a_certificate: &'static str,
}

const DUTCH: Words = Words {
    message_from: "Bericht van",
    for_: "Bestemd voor",
    patient: "Patiënt",
    name: "Naam",
    birth_date: "Geboortedatum",
    sex: "Geslacht",
    number: "Patiëntnummer van het ziekenhuis",
    unknown: "onbekend",
    visit: "Contact met het ziekenhuis",
    event: "Gebeurtenis",
    when: "Wanneer",
    ward: "Afdeling",
    attending: "Behandelaar",
    start: "Begin van het contact",
    end: "Einde van het contact",
    conditions: "Aandoeningen",
    medicines: "Medicatie",
    results: "Uitslagen",
    conclusion: "Conclusie",
    range: "referentie",
    none_known: "Geen vermeld; notities bij dit contact kunnen nog in behandeling zijn",
    more: "Er is meer dan hier past; zie het dossier",
    by_software: "door software uit de notitie gelezen, niet bevestigd",
    supposed: "vermoeden, niet bevestigd",
    abnormal: "afwijkend",
    not_final: "voorlopig",
    corrected: "gecorrigeerd",
    cancelled: "vervallen",
    automatic: "Dit bericht is automatisch gemaakt. Het is ondertekend door het ziekenhuis en alleen voor de \
                genoemde ontvanger leesbaar.",
    reference: "Kenmerk",
    without_phi: "Er is een bericht over een patiënt van uw praktijk.",
    read_it_here: "Om de privacy van de patiënt staat de inhoud niet in deze e-mail. U leest het bericht na \
                   aanmelden op:",
    get_a_certificate: "Wilt u berichten voortaan versleuteld in uw mailprogramma ontvangen? Geef het \
                        ziekenhuis dan uw S/MIME-certificaat.",
};

const ENGLISH: Words = Words {
    message_from: "Message from",
    for_: "Meant for",
    patient: "Patient",
    name: "Name",
    birth_date: "Date of birth",
    sex: "Sex",
    number: "Patient number of the hospital",
    unknown: "unknown",
    visit: "Visit to the hospital",
    event: "Event",
    when: "When",
    ward: "Ward",
    attending: "Attending physician",
    start: "Start of the visit",
    end: "End of the visit",
    conditions: "Conditions",
    medicines: "Medication",
    results: "Results",
    conclusion: "Conclusion",
    range: "reference",
    none_known: "None mentioned; notes of this contact may still be in process",
    more: "There is more than fits here; see the record",
    by_software: "read from the note by software, unconfirmed",
    supposed: "supposed, unconfirmed",
    abnormal: "abnormal",
    not_final: "preliminary",
    corrected: "corrected",
    cancelled: "cancelled",
    automatic: "This message was made automatically. It is signed by the hospital and can be read by the \
                recipient named above only.",
    reference: "Reference",
    without_phi: "There is a message about a patient of your practice.",
    read_it_here: "For the patient's privacy its content does not stand in this e-mail. After signing in you \
                   can read the message at:",
    get_a_certificate: "Would you rather receive messages encrypted in your mail program? Give the hospital \
                        your S/MIME certificate.",
};

impl Words {
    pub(crate) const fn of(language: Language) -> &'static Self {
        match language {
            Language::Dutch => &DUTCH,
            Language::English => &ENGLISH,
        }
    }
}

/// The event in a word.
pub(crate) const fn event_name(event: NotifiedEvent, language: Language) -> &'static str {
    match (language, event) {
        (Language::Dutch, NotifiedEvent::Admission) => "opname",
        (Language::Dutch, NotifiedEvent::Transfer) => "overplaatsing",
        (Language::Dutch, NotifiedEvent::Discharge) => "ontslag",
        (Language::Dutch, NotifiedEvent::Registration) => "inschrijving",
        (Language::Dutch, NotifiedEvent::Result) => "uitslag",
        (Language::English, NotifiedEvent::Admission) => "admission",
        (Language::English, NotifiedEvent::Transfer) => "transfer",
        (Language::English, NotifiedEvent::Discharge) => "discharge",
        (Language::English, NotifiedEvent::Registration) => "registration",
        (Language::English, NotifiedEvent::Result) => "result",
    }
}

/// The event in a sentence about the patient of the one who reads it.
pub(super) const fn event_sentence(event: NotifiedEvent, language: Language) -> &'static str {
    match (language, event) {
        (Language::Dutch, NotifiedEvent::Admission) => "Uw patiënt is opgenomen.",
        (Language::Dutch, NotifiedEvent::Transfer) => "Uw patiënt is overgeplaatst.",
        (Language::Dutch, NotifiedEvent::Discharge) => "Uw patiënt is ontslagen.",
        (Language::Dutch, NotifiedEvent::Registration) => "Uw patiënt is ingeschreven.",
        (Language::Dutch, NotifiedEvent::Result) => "Er is een uitslag van uw patiënt.",
        (Language::English, NotifiedEvent::Admission) => "Your patient was admitted.",
        (Language::English, NotifiedEvent::Transfer) => "Your patient was transferred.",
        (Language::English, NotifiedEvent::Discharge) => "Your patient was discharged.",
        (Language::English, NotifiedEvent::Registration) => "Your patient was registered.",
        (Language::English, NotifiedEvent::Result) => "There is a result of your patient.",
    }
}

/// A FHIR administrative gender in a word.
pub(super) fn sex(code: &str, language: Language) -> Option<&'static str> {
    Some(match (language, code) {
        (Language::Dutch, "male") => "man",
        (Language::Dutch, "female") => "vrouw",
        (Language::Dutch, "other") => "anders",
        (Language::English, "male") => "male",
        (Language::English, "female") => "female",
        (Language::English, "other") => "other",
        _ => return None,
    })
}

/// A code of v3-ObservationInterpretation in words; an unknown code as it stands. None for a normal result.
pub(super) fn flag(code: &str, language: Language) -> Option<String> {
    let dutch = language == Language::Dutch;
    Some(String::from(match code {
        "N" => return None,
        "H" | "HU" | ">" => {
            if dutch {
                "hoog"
            } else {
                "high"
            }
        }
        "L" | "LU" | "<" => {
            if dutch {
                "laag"
            } else {
                "low"
            }
        }
        "HH" => {
            if dutch {
                "kritisch hoog"
            } else {
                "critically high"
            }
        }
        "LL" => {
            if dutch {
                "kritisch laag"
            } else {
                "critically low"
            }
        }
        "A" => {
            if dutch {
                "afwijkend"
            } else {
                "abnormal"
            }
        }
        "AA" => {
            if dutch {
                "kritisch afwijkend"
            } else {
                "critically abnormal"
            }
        }
        "R" => {
            if dutch {
                "resistent"
            } else {
                "resistant"
            }
        }
        "I" => {
            if dutch {
                "intermediair"
            } else {
                "intermediate"
            }
        }
        "S" => {
            if dutch {
                "gevoelig"
            } else {
                "susceptible"
            }
        }
        "POS" => {
            if dutch {
                "positief"
            } else {
                "positive"
            }
        }
        "NEG" => {
            if dutch {
                "negatief"
            } else {
                "negative"
            }
        }
        other => return Some(other.to_owned()),
    }))
}

const DUTCH_MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a month, 1 to 12.
pub(super) fn month(number: i8, language: Language) -> &'static str {
    let names = match language {
        Language::Dutch => &DUTCH_MONTHS,
        Language::English => &ENGLISH_MONTHS,
    };
    usize::try_from(number).ok().and_then(|number| names.get(number.checked_sub(1)?)).copied().unwrap_or("")
}
