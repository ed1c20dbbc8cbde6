//! The words about registers, notices and what became of a note. Each stands once, in both languages.

macro_rules! words {
    ($($name:ident: $dutch:literal, $english:literal;)+) => {
        /// The words of a language.
        #[derive(Debug)]
        pub(in crate::page) struct RegisterWords {
            $(pub(in crate::page) $name: &'static str,)+
        }
        /// In Dutch.
        pub(in crate::page) static DUTCH: RegisterWords = RegisterWords { $($name: $dutch,)+ };
        /// In English.
        pub(in crate::page) static ENGLISH: RegisterWords = RegisterWords { $($name: $english,)+ };
    };
}

words! {
    // The way of a message.
    stage_enriched: "Notities gelezen", "Notes read";
    stage_enriched_text: "Gelezen door", "Read by";
    notes: "Notities", "Notes";
    entities_condition: "Aandoeningen en klachten", "Conditions and symptoms";
    entities_medication: "Geneesmiddelen", "Medicines";
    entities_anatomy: "Lichaamsdelen", "Body parts";
    entities_test: "Onderzoek en behandeling", "Tests and treatments";
    entities_other: "Overige vondsten", "Other findings";
    stage_notified: "Zorgverleners ingelicht", "Providers told";
    stage_notified_text: "Gebeurtenis:", "Event:";
    nobody_named: "Het bericht noemt niemand die ingelicht wil worden.", "The message names nobody to be told.";
    outcome: "Uitkomst", "Outcome";
    outcome_sent: "verstuurd", "sent";
    outcome_sent_before: "was al verstuurd", "had been sent before";
    outcome_withheld: "niet verstuurd, volgens afspraak", "withheld by rule";
    outcome_refused: "geweigerd", "refused";
    outcome_unknown: "onbekend", "unknown";
    protection: "Bescherming", "Protection";
    protection_smime: "S/MIME, versleuteld", "S/MIME, encrypted";
    protection_without_phi: "zonder patiëntgegevens", "without patient data";
    event_admission: "opname", "admission";
    event_transfer: "overplaatsing", "transfer";
    event_discharge: "ontslag", "discharge";
    event_registration: "inschrijving", "registration";
    event_result: "uitslag", "result";

    // Common to the registers.
    change: "Wijzigen", "Change";
    what_changed: "Wat er veranderde", "What changed";
    save: "Opslaan", "Save";
    saved: "Opgeslagen en in het logboek vastgelegd.", "Saved, and recorded in the audit log.";
    search: "Zoeken", "Search";
    history: "Geschiedenis", "History";
    version: "Versie", "Version";
    changed_by: "Door", "By";
    problem: "Dit is niet opgeslagen", "This was not saved";
    conflict: "Iemand anders heeft dit intussen gewijzigd. Bekijk de nieuwe versie en probeer het opnieuw.", "Somebody else has changed this meanwhile. Look at the new version and try again.";
    first_page: "Vooraan", "First";
    next_page: "Verder", "Next";

    // Providers.
    providers: "Zorgverleners", "Providers";
    providers_intro: "Wie bericht mag krijgen, en op welk adres. Een adres komt alleen hiervandaan, nooit uit een bericht.", "Who may be told, and at which address. An address comes from here only, never from a message.";
    no_providers: "Er staat nog niemand in de adreslijst. Lees een lijst in met: zorgsluis registers import providers", "Nobody stands in the directory yet. Import a list with: zorgsluis registers import providers";
    none_found: "Niemand gevonden.", "Nobody found.";
    all_providers: "Alle zorgverleners", "All providers";
    back_to_providers: "Terug naar de zorgverleners", "Back to the providers";
    search_provider: "Naam of nummer (AGB, UZI, BIG)", "Name or number (AGB, UZI, BIG)";
    name: "Naam", "Name";
    organisation: "Praktijk of instelling", "Practice or institution";
    address: "E-mailadres", "E-mail address";
    no_address: "geen: er kan niets verstuurd worden", "none: nothing can be sent";
    address_state: "Bereikbaarheid van het adres", "Whether the address can be reached";
    address_bounced: "mail komt terug", "mail comes back";
    address_complained: "ontvanger wil deze mail niet", "the receiver complained of the mail";
    address_works: "Het adres is weer bruikbaar", "The address can be used again";
    address_works_hint: "Tot die tijd, of tot er een ander adres staat, gaat er geen bericht heen: berichten worden apart gezet en kunnen daarna opnieuw aangeboden worden.", "Until then, or until there is another address, no notice goes to it: messages are set aside and can be offered again afterwards.";
    mail_language: "Taal van de berichten", "Language of the notices";
    language_nl: "Nederlands", "Dutch";
    language_en: "Engels", "English";
    identifiers: "Nummers", "Numbers";
    certificate: "Certificaat", "Certificate";
    no_certificate: "geen: berichten gaan zonder patiëntgegevens", "none: notices go without patient data";
    certificate_good: "geldig", "valid";
    certificate_expired: "verlopen", "expired";
    certificate_early: "nog niet geldig", "not valid yet";
    certificate_other: "van een ander adres", "of another address";
    certificate_unusable: "onbruikbaar", "cannot be used";
    certificate_subject: "Op naam van", "Subject";
    certificate_issuer: "Uitgever", "Issuer";
    certificate_from: "Geldig vanaf", "Valid from";
    certificate_until: "Geldig tot", "Valid until";
    certificate_key: "Sleutel", "Key";
    certificate_print: "Vingerafdruk (SHA-256)", "Fingerprint (SHA-256)";
    certificate_new: "Nieuw certificaat (PEM)", "New certificate (PEM)";
    certificate_hint: "Plak het hele certificaat, van BEGIN tot en met END. Leeg laten: het huidige blijft.", "Paste the whole certificate, from BEGIN through END. Left empty: the present one stays.";
    certificate_remove: "Certificaat verwijderen", "Remove the certificate";
    opted_out: "Geen bericht bij", "No notice of";
    active: "Actief", "Active";
    inactive: "Niet actief", "Not active";
    active_hint: "Wie niet actief is, krijgt geen enkel bericht.", "Who is not active gets no notice at all.";

    // Patients.
    patients: "Patiënten", "Patients";
    patients_intro: "Bij welke patiënt een nummer hoort. Elke zoekvraag komt in het logboek, ook als er niets gevonden wordt.", "Which patient a number belongs to. Each search is recorded in the audit log, also when nothing is found.";
    identifier_system: "Systeem van het nummer", "System of the number";
    identifier_system_hint: "Een URI, zoals http://fhir.nl/fhir/NamingSystem/bsn, of authority:NAAM.", "A URI, such as http://fhir.nl/fhir/NamingSystem/bsn, or authority:NAME.";
    identifier_value: "Nummer", "Number";
    patient: "Patiënt", "Patient";
    patient_unknown: "Dit nummer hoort bij geen patiënt in de index.", "This number belongs to no patient of the index.";
    back_to_patients: "Een andere patiënt opzoeken", "Look up another patient";
    known_numbers: "Nummers in het dossier, per systeem", "Numbers in the record, by system";
    no_numbers: "Geen, of het dossier is er nog niet.", "None, or there is no record yet.";
    merged: "Samengevoegd met", "Merged with";
    held_by: "Het nummer staat op naam van", "The number stands under";
    wish: "Bericht aan zorgverleners", "Notices to providers";
    wish_out: "De patiënt wil niet dat zorgverleners bericht krijgen.", "The patient does not want providers to be told.";
    wish_in: "Zorgverleners krijgen bericht; de patiënt heeft geen bezwaar gemaakt.", "Providers are told; the patient has not objected.";
    opt_out: "Bezwaar vastleggen", "Record an objection";
    opt_in: "Bezwaar intrekken", "Withdraw the objection";
    patient_log: "Wie heeft gegevens ingezien?", "Who has seen the data?";
    patient_log_intro: "Alles wat het logboek over deze cliënt zegt, ook onder nummers die nu vervallen zijn. Dat u dit opvraagt, komt er ook in te staan.", "All that the log says about this patient, also under numbers that are retired by now. That you ask for this is recorded there, too.";
    from_day: "Vanaf (dag)", "From (day)";
    through_day: "Tot en met (dag)", "Through (day)";
    day_hint: "Leeg: alles. Nederlandse dagen, als 2026-11-22.", "Empty: everything. Dutch days, as 2026-11-22.";
    newest_first: "Nieuwste eerst", "Newest first";
    show_log: "Tonen", "Show";
    print_log: "Om af te drukken", "To print";
    wrong_day: "Een dag staat er als 2026-11-22, en het begin ligt voor het einde.", "A day is written as 2026-11-22, and the beginning lies before the end.";
    index_history: "Geschiedenis in de index", "History in the index";
    no_history: "Er is niets vastgelegd.", "Nothing is recorded.";
    index_claimed: "nummer toegekend", "number given";
    index_released: "nummer losgemaakt", "number released";
    index_merged: "samengevoegd: kwam erbij", "merged into this one";
    index_merged_into: "samengevoegd: ging op in", "was merged into";
    release: "Nummer losmaken", "Release the number";
    release_intro: "Alleen als dit nummer bij de verkeerde patiënt staat. Daarna krijgt de eerste die het weer noemt het nummer. Aan dossiers verandert niets.", "Only when this number stands under the wrong patient. Afterwards who names it first has it. Records do not change.";
    release_reason: "Waarom (geen namen of nummers)", "Why (no names or numbers)";
    released: "Het nummer is losgemaakt en kan opnieuw toegekend worden.", "The number is released and can be given anew.";

    // Notices.
    notices: "Kennisgevingen", "Notices";
    notices_intro: "Eén regel per bericht en zorgverlener. Wat onbekend bleef, gaat nooit vanzelf nog eens weg: u beslist.", "One line for each message and provider. What stayed unknown never goes out again by itself: you decide.";
    no_notices: "Er is hier geen kennisgeving.", "There is no notice here.";
    state_all: "Alle", "All";
    state_reserved: "Onderweg", "On its way";
    state_sent: "Verstuurd", "Sent";
    state_refused: "Geweigerd door de mailserver", "Refused by the mail system";
    state_unknown: "Onbekend", "Unknown";
    state_dropped: "Vervallen", "Dropped";
    provider: "Zorgverlener", "Provider";
    changed: "Laatst gewijzigd", "Changed last";
    was_sent: "Is verstuurd", "Was sent";
    drop: "Laten vervallen", "Drop";
    settled: "Vastgelegd.", "Recorded.";
    not_settled: "Deze kennisgeving stond er intussen anders voor; er is niets gewijzigd.", "This notice stood otherwise meanwhile; nothing was changed.";
    decisions: "Besluit", "Decision";

    // One notice.
    notice: "Kennisgeving", "Notice";
    back_to_notices: "Terug naar de kennisgevingen", "Back to the notices";
    reserved: "Gereserveerd", "Reserved";
    receipt: "Naam bij de mailserver", "Name at the mail system";
    reference: "Kenmerk", "Reference";
    reserved_hint: "Deze kennisgeving kan nu onderweg zijn. Staat ze er over een kwartier nog zo voor, dan kunt u hier beslissen.", "This notice may be on its way now. If it still stands so in a quarter of an hour, you can decide here.";
    refused_hint: "De mailserver wilde deze kennisgeving niet; het bericht staat apart. Is de oorzaak weg, bied het bericht dan opnieuw aan: ook de kennisgeving gaat dan weer.", "The mail system did not want this notice; the message is set aside. Once the cause is gone, offer the message again: the notice goes again with it.";
    decide_intro: "Niemand kan zien of deze kennisgeving verstuurd is. Zoek het kenmerk op in het logboek van de mailserver en beslis. Elk besluit komt in het logboek.", "Nobody can tell whether this notice was sent. Look for its reference in the log of the mail system, and decide. Each decision is recorded in the audit log.";
    send_again: "Opnieuw versturen", "Send again";
    send_again_hint: "Ging ze toch al weg, dan krijgt de zorgverlener haar twee keer. Er staat in wat het dossier dan zegt.", "If it did go after all, the provider gets it twice. It says what the record says at that time.";
    twice: "Ik weet dat deze kennisgeving twee keer kan aankomen", "I know that this notice may arrive twice";
    twice_needed: "Bevestig dat de kennisgeving twee keer kan aankomen. Er is niets gewijzigd; ga terug en zet het vinkje.", "Confirm that the notice may arrive twice. Nothing was changed; go back and tick the box.";
    letter: "Inhoud", "Content";
    letter_intro: "Zo staat het nu in het dossier, in de taal van de zorgverlener. Dat u dit leest, staat in het logboek.", "As the record has it now, in the provider's language. That you read this stands in the audit log.";
    letter_footer: "Deze pagina toont medische gegevens. Laat haar niet open staan.", "This page shows medical data. Do not leave it open.";
    letter_not_logged: "De regel in het logboek kon niet geschreven worden. Daarom wordt er niets getoond.", "The audit entry could not be written. Therefore nothing is shown.";
    withheld_dropped: "Deze kennisgeving is vervallen. Er wordt niets getoond.", "This notice was dropped. Nothing is shown.";
    withheld_patient: "De patiënt wil niet dat zorgverleners bericht krijgen. Er wordt niets getoond.", "The patient does not want providers to be told. Nothing is shown.";
    withheld_inactive: "De zorgverlener is niet actief. Er wordt niets getoond.", "The provider is not active. Nothing is shown.";
    withheld_provider: "De zorgverlener wil van zulke gebeurtenissen geen bericht. Er wordt niets getoond.", "The provider wants no notice of such events. Nothing is shown.";
    withheld_unreadable: "De inhoud is niet (meer) samen te stellen.", "The content cannot be put together (any more).";
    signed_in_already: "Al aangemeld?", "Signed in already?";
    go_on: "Ga verder naar de kennisgeving", "Go on to the notice";
}
