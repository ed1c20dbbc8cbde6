//! Every word of an answer, in both languages side by side: a word that one of them lacks does not compile.

use zorgsluis_domain::audit::{Action, DataCategory, EventKind, PurposeOfUse};

/// In what language an answer is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// Dutch.
    #[default]
    Dutch,
    /// English.
    English,
}

macro_rules! words {
    ($($name:ident: $dutch:literal, $english:literal;)*) => {
        #[allow(missing_docs, reason = "each says itself")]
        impl Language {
            $(#[must_use]
            pub const fn $name(self) -> &'static str {
                self.pick($dutch, $english)
            })*
        }
    };
}

words! {
    time: "Tijd", "Time";
    organisation: "Organisatie", "Organisation";
    department: "Afdeling", "Department";
    role: "Rol", "Role";
    person: "Medewerker", "Staff member";
    action: "Handeling", "Action";
    data: "Gegevens", "Data";
    reason: "Reden", "Reason";
    protocol: "Grondslag", "Protocol";
    patient: "Cliënt", "Patient";
    outcome: "Uitkomst", "Outcome";
    emergency: "Noodprocedure", "Emergency procedure";
    emergency_short: "NOOD", "EMERGENCY";
    log: "Logboek", "Log";
    remarks: "Bijzonderheden", "Remarks";
    number: "Nummer", "Number";
    yes: "ja", "yes";
    no: "nee", "no";
    refused: "niet gelukt", "not done";
    asked_by: "gevraagd door", "asked by";
    erased: "gewist: wat hier stond is vernietigd, het bewijs dat er iets stond bestaat nog",
        "erased: what stood here was destroyed, the proof that something did still stands";
    system: "systeem", "system";
    not_stated: "niet vermeld", "not stated";
    authorisation: "autorisatie", "authorisation";
    treatment: "behandelrelatie", "treatment relationship";
    consent: "toestemming", "consent";
    given_to: "aan", "to";
    no_entries: "Er is niets gevonden over deze periode.", "Nothing was found for this period.";
    totals: "Totalen over de hele periode", "Totals of the whole period";
    totals_first: "De totalen staan op de eerste bladzijde.", "The totals stand on the first page.";
    entries: "Regels", "Entries";
    emergencies: "Noodprocedure", "Emergency procedure";
    not_succeeded: "Geweigerd of niet gelukt", "Denied or not done";
    erased_count: "Gewist", "Erased";
    by_organisation: "Per organisatie", "By organisation";
    by_role: "Per rol", "By role";
    by_action: "Per handeling", "By action";
    by_sort: "Per soort handeling", "By sort of action";
    by_category: "Per soort gegevens", "By category of data";
    users: "Verschillende gebruikers", "Different users";
    by_user: "Per gebruiker", "By user";
    user: "gebruiker", "user";
    busiest: "Meeste verschillende cliënten op één dag", "Most different patients in one day";
    day: "Dag", "Day";
    patients: "Cliënten", "Patients";
    count: "Aantal", "Count";
    others: "overige", "others";
    period: "Periode", "Period";
    from: "vanaf", "from";
    through: "tot en met", "through";
    whole: "alles wat vastligt", "all that is recorded";
    made: "Gemaakt op", "Made on";
    log_of: "Logboek van", "Log of";
    about: "Over", "About";
    history_title: "Wie heeft gegevens ingezien of gebruikt?", "Who has seen or used the data?";
    user_title: "Wat heeft deze gebruiker gedaan?", "What did this user do?";
    department_title: "Wat is er op deze afdeling gedaan?", "What was done by this department?";
    emergency_title: "Gebruik van de noodprocedure", "Use of the emergency procedure";
    denied_title: "Wat is er geweigerd of niet gelukt?", "What was denied or not done?";
    history_intro: "Dit overzicht laat zien wie uw gegevens beschikbaar heeft gesteld, ingezien of opgevraagd, en \
        wanneer. Namen van medewerkers staan er alleen in als dat voor u van belang is. Tijden zijn Nederlandse tijden.",
        "This overview shows who made your data available, viewed them or asked for them, and when. Names of staff \
        are given only where that matters to you. Times are Dutch times.";
    with_names: "Met namen van medewerkers: vertrouwelijk.", "With names of staff: confidential.";
    footer: "Uit het logboek volgens NEN 7513. Dat dit overzicht is gemaakt, staat er zelf ook in.",
        "From the log kept by NEN 7513. That this overview was made stands in it, too.";
    newest_first: "nieuwste eerst", "newest first";
    oldest_first: "oudste eerst", "oldest first";
    more: "Er is meer; de volgende bladzijde begint met", "There is more; the next page begins with";
}

impl Language {
    /// BCP 47.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.pick("nl", "en")
    }

    const fn pick(self, dutch: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Dutch => dutch,
            Self::English => english,
        }
    }

    /// What was done.
    #[must_use]
    pub const fn kind(self, kind: EventKind) -> &'static str {
        let (dutch, english) = match kind {
            EventKind::ResourceCreate => ("toegevoegd", "added"),
            EventKind::ResourceRead => ("ingezien", "viewed"),
            EventKind::ResourceHistory => ("oudere versies ingezien", "older versions viewed"),
            EventKind::ResourceUpdate => ("gewijzigd", "changed"),
            EventKind::ResourceDelete => ("verwijderd", "deleted"),
            EventKind::ResourceSearch => ("opgezocht", "searched"),
            EventKind::PatientMerge => ("dossiers samengevoegd of gesplitst", "records merged or split"),
            EventKind::Import => ("bericht ontvangen", "message received"),
            EventKind::Disclosure => ("aan een ander verstrekt", "given to somebody else"),
            EventKind::Register => ("register gebruikt of gewijzigd", "register used or changed"),
            EventKind::Refusal => ("bericht of verzoek geweigerd", "message or request refused"),
            EventKind::AccessDenied => ("toegang geweigerd", "access denied"),
            EventKind::LogRead => ("logboek ingezien", "log viewed"),
            EventKind::LogVerify => ("logboek gecontroleerd", "log verified"),
            EventKind::Replay => ("bericht opnieuw verwerkt", "message processed again"),
            EventKind::LogIn => ("aangemeld", "signed in"),
            EventKind::LogOut => ("afgemeld", "signed out"),
            EventKind::Export => ("als bestand meegenomen", "exported as a file"),
            EventKind::Print => ("afgedrukt", "printed"),
            EventKind::BreakGlass => ("noodprocedure gebruikt", "emergency procedure used"),
            EventKind::DirectAccess => ("database rechtstreeks geopend", "database opened directly"),
            EventKind::Erasure => ("voorgoed vernietigd", "destroyed for good"),
            EventKind::ApplicationStart => ("systeem gestart", "system started"),
            EventKind::ApplicationStop => ("systeem gestopt", "system stopped"),
            EventKind::KeyRotation => ("andere sleutel van het log", "another key of the log"),
            EventKind::Other => ("gemeld door een ander systeem", "reported by another system"),
        };
        self.pick(dutch, english)
    }

    /// The action, in a word.
    #[must_use]
    pub const fn action_of(self, action: Action) -> &'static str {
        let (dutch, english) = match action {
            Action::Create => ("toevoegen", "create"),
            Action::Read => ("inzien", "read"),
            Action::Update => ("wijzigen", "update"),
            Action::Delete => ("verwijderen", "delete"),
            Action::Execute => ("uitvoeren", "execute"),
        };
        self.pick(dutch, english)
    }

    /// A category of data.
    #[must_use]
    pub const fn category(self, category: DataCategory) -> &'static str {
        let (dutch, english) = match category {
            DataCategory::Demographics => ("persoonsgegevens", "personal details"),
            DataCategory::Encounters => ("opnames en bezoeken", "admissions and visits"),
            DataCategory::Conditions => ("diagnoses", "diagnoses"),
            DataCategory::Allergies => ("allergieën", "allergies"),
            DataCategory::Medication => ("medicatie", "medication"),
            DataCategory::Results => ("uitslagen", "results"),
            DataCategory::Documents => ("brieven en verslagen", "letters and notes"),
            DataCategory::Orders => ("aanvragen", "orders"),
            DataCategory::InvoluntaryCare => ("onvrijwillige zorg", "involuntary care"),
            DataCategory::Log => ("logboek", "log"),
            DataCategory::Other => ("overig", "other"),
        };
        self.pick(dutch, english)
    }

    /// Why access was asked.
    #[must_use]
    pub const fn purpose(self, purpose: PurposeOfUse) -> &'static str {
        let (dutch, english) = match purpose {
            PurposeOfUse::Treatment => ("behandeling", "treatment"),
            PurposeOfUse::EmergencyTreatment => ("spoedbehandeling", "emergency treatment"),
            PurposeOfUse::BreakGlass => ("noodprocedure", "break the glass"),
            PurposeOfUse::PatientRequest => ("op verzoek van de cliënt", "at the patient's request"),
            PurposeOfUse::Operations => ("bedrijfsvoering", "healthcare operations"),
            PurposeOfUse::Research => ("onderzoek", "research"),
            PurposeOfUse::Administration => ("administratie", "patient administration"),
        };
        self.pick(dutch, english)
    }
}
