//! Why something was refused, denied or failed, and why data were destroyed: the codes of the log in words.

use std::borrow::Cow;

use crate::Language;

/// A code, in Dutch, in English.
pub(crate) type Reason = (&'static str, &'static str, &'static str);

/// Every code that this software writes as the reason of an outcome or of an erasure. A test goes through the source
/// and names what is missing here.
pub(crate) const REASONS: &[Reason] = &[
    // Who asks was not let in, or asked for what cannot be.
    ("no-token", "niet aangemeld", "not signed in"),
    ("wrong-token", "verkeerd wachtwoord of token", "a wrong password or token"),
    ("no-right", "geen recht hierop", "no right to this"),
    (
        "credentials-unreadable",
        "de lijst met rechten was niet te lezen",
        "the list of rights could not be read",
    ),
    ("too-many-denials", "te veel weigeringen achter elkaar", "too many denials in a row"),
    ("invalid-request", "de vraag klopte niet", "the request was wrong"),
    ("forbidden", "niet toegestaan", "not allowed"),
    ("not-acceptable", "in een vorm gevraagd die er niet is", "asked for in a form that there is not"),
    ("body-too-late", "de vraag kwam te laat binnen", "the request came too late"),
    ("too-large", "de vraag was te groot", "the request was too large"),
    ("media-type", "in een onbekende vorm aangeboden", "offered in an unknown form"),
    ("unprocessable", "de vraag was niet te verwerken", "the request could not be processed"),
    ("not-found", "bestaat hier niet", "is not here"),
    ("deleted", "verwijderd", "deleted"),
    ("letter-unreadable", "de brief was niet te lezen", "the letter could not be read"),
    ("findings", "er is iets gevonden dat niet klopt", "something wrong was found"),
    ("unstated", "niet vermeld", "not stated"),
    // A message was not taken, or set aside.
    ("batch-too-long", "te veel berichten in één bestand", "too many messages in one file"),
    ("batch-envelope", "de envelop van een reeks klopt niet", "the envelope of a batch is wrong"),
    ("busy", "het systeem was bezet", "the system was busy"),
    ("unavailable", "het systeem was niet beschikbaar", "the system was not available"),
    ("internal-error", "fout in deze software", "a fault of this software"),
    ("panic", "fout in deze software", "a fault of this software"),
    ("empty-message", "een leeg bericht", "an empty message"),
    ("message-too-large", "het bericht was te groot", "the message was too large"),
    ("utf-16", "het bericht stond in UTF-16", "the message was in UTF-16"),
    ("missing-header", "het bericht had geen kop", "the message had no header"),
    ("invalid-delimiters", "de scheidingstekens kloppen niet", "the separators are wrong"),
    ("invalid-segment-name", "een onderdeel heeft geen geldige naam", "a segment has no valid name"),
    ("second-header", "het bericht had twee koppen", "the message had two headers"),
    ("too-many-segments", "te veel onderdelen in het bericht", "too many segments in the message"),
    ("too-many-fields", "te veel velden in het bericht", "too many fields in the message"),
    ("too-many-parts", "te veel deelvelden in het bericht", "too many parts in the message"),
    ("too-many-copies", "te veel herhalingen in het bericht", "too many repetitions in the message"),
    ("unsupported-event", "dit soort bericht wordt niet verwerkt", "this kind of message is not processed"),
    ("control-character", "verboden tekens in het bericht", "forbidden characters in the message"),
    ("no-patient", "het bericht noemt geen cliënt", "the message names no patient"),
    ("several-patients", "het bericht noemt meer cliënten", "the message names several patients"),
    ("no-second-patient", "het bericht noemt geen tweede cliënt", "the message names no second patient"),
    ("no-visit", "het bericht noemt geen opname of bezoek", "the message names no visit"),
    ("no-account", "het bericht noemt geen rekening", "the message names no account"),
    ("no-target", "het bericht noemt niet waarheen", "the message does not say where to"),
    ("no-moved-number", "het bericht noemt geen verplaatst nummer", "the message names no moved number"),
    ("no-old-identifier", "het bericht noemt geen oud nummer", "the message names no old number"),
    ("no-merge", "het bericht noemt geen samenvoeging", "the message names no merge"),
    ("no-document", "het bericht bevat geen document", "the message holds no document"),
    ("no-staff", "het bericht noemt geen medewerker", "the message names no member of staff"),
    ("no-referral", "het bericht bevat geen verwijzing", "the message holds no referral"),
    ("no-appointment", "het bericht bevat geen afspraak", "the message holds no appointment"),
    ("no-bed", "het bericht noemt geen bed", "the message names no bed"),
    ("merge-with-itself", "een dossier kan niet met zichzelf samen", "a record cannot be merged with itself"),
    ("merge-circle", "de samenvoeging zou een kring maken", "the merge would close a circle"),
    ("merged-elsewhere", "al met een ander dossier samengevoegd", "merged into another record already"),
    ("subject-conflict", "hoort al bij een andere cliënt", "belongs to another patient already"),
    ("not-json", "het resultaat was niet weg te schrijven", "the result could not be written"),
    (
        "notice-order-unreadable",
        "de opdracht om te melden was onleesbaar",
        "the order to notify was unreadable",
    ),
    ("mail-not-written", "de mail was niet op te stellen", "the mail could not be written"),
    (
        "sealed-entry-unopenable",
        "een regel voor het logboek ging niet open",
        "a line for the log did not open",
    ),
    ("unknown-version", "een regel van een onbekende versie", "a line of an unknown version"),
    ("erased", "de gegevens zijn vernietigd", "the data were destroyed"),
    ("conflict", "tegelijk door een ander gewijzigd", "changed by somebody else at the same time"),
    ("refused", "geweigerd door de opslag", "refused by the store"),
    ("damaged", "beschadigd opgeslagen", "stored damaged"),
    // A provider was not told.
    ("recipient-unknown", "ontvanger onbekend", "recipient unknown"),
    ("recipient-ambiguous", "ontvanger niet eenduidig", "recipient ambiguous"),
    ("recipient-without-address", "ontvanger zonder adres", "recipient without an address"),
    ("recipient-address-mismatch", "ander adres dan in het register", "another address than in the register"),
    ("recipient-address-unusable", "onbruikbaar adres", "unusable address"),
    ("recipient-address-bounced", "post aan dit adres kwam terug", "mail to this address came back"),
    ("recipient-address-complained", "ontvanger wil geen post", "the recipient wants no mail"),
    ("too-many-recipients", "te veel ontvangers", "too many recipients"),
    ("no-recipient", "geen ontvanger genoemd", "no recipient named"),
    ("named-twice", "twee keer genoemd", "named twice"),
    ("patient-opted-out", "de cliënt wil niet dat dit gemeld wordt", "the patient wants nobody to be told"),
    ("provider-opted-out", "de zorgverlener wil geen meldingen", "the provider wants no notices"),
    ("provider-inactive", "de zorgverlener is niet meer actief", "the provider is not active any more"),
    ("cancelled-since", "intussen geannuleerd", "cancelled since"),
    ("dropped-by-operator", "door een beheerder geschrapt", "dropped by an operator"),
    ("operator", "door een beheerder beslist", "decided by an operator"),
    ("no-certificate", "geen certificaat: zonder gegevens gemeld", "no certificate: told without data"),
    ("certificate-unusable", "onbruikbaar certificaat", "unusable certificate"),
    ("certificate-expired", "verlopen certificaat", "expired certificate"),
    ("certificate-not-yet-valid", "certificaat nog niet geldig", "certificate not valid yet"),
    ("certificate-other-address", "certificaat van een ander adres", "certificate of another address"),
    ("certificate-unreadable", "onleesbaar certificaat", "unreadable certificate"),
    ("certificate-usage", "certificaat niet voor post", "certificate not for mail"),
    ("certificate-key-weak", "certificaat met te zwakke sleutel", "certificate with too weak a key"),
    ("signing-certificate-expired", "eigen certificaat verlopen", "our own certificate expired"),
    ("mail-address-unusable", "onbruikbaar mailadres", "unusable mail address"),
    ("mail-bounced", "de mail kwam terug", "the mail came back"),
    ("mail-perhaps-bounced", "de mail kwam misschien terug", "the mail perhaps came back"),
    ("mail-complained", "de ontvanger klaagde over de mail", "the recipient complained of the mail"),
    ("mail-rejected", "de mail is geweigerd", "the mail was rejected"),
    ("mail-not-rendered", "de mail was niet op te maken", "the mail could not be rendered"),
    (
        "provider-not-marked",
        "kon niet bij de ontvanger genoteerd worden",
        "could not be noted with the recipient",
    ),
    ("not-sent", "niet verzonden", "not sent"),
    ("send-again", "wordt opnieuw verzonden", "is to be sent again"),
    ("sending-again", "wordt opnieuw verzonden", "is being sent again"),
    ("not-confirmed", "verzending niet bevestigd", "sending not confirmed"),
    ("mailer-cannot-tell", "onbekend of de mail weg is", "unknown whether the mail went"),
    ("found-by-mailer", "gevonden bij de maildienst", "found by the mail service"),
    ("ses-not-sendable", "de mail was niet te verzenden", "the mail could not be sent"),
    // Data were destroyed, or are kept.
    ("patient-request", "op verzoek van de cliënt", "at the patient's request"),
    ("term-ended", "de bewaartermijn is voorbij", "the term is over"),
    ("other", "om een andere reden", "for another reason"),
    ("a-duty-runs", "een bewaarplicht loopt nog", "a duty to keep it runs"),
    ("duty-log", "het logboek wordt vijf jaar bewaard", "the log is kept for five years"),
    ("duty-dossier", "het dossier wordt twintig jaar bewaard", "the dossier is kept for twenty years"),
    ("duty-involuntary-care", "bewaarplicht voor onvrijwillige zorg", "a duty to keep involuntary care"),
    (
        "duty-involuntary-care-request",
        "bewaarplicht voor onvrijwillige zorg",
        "a duty to keep involuntary care",
    ),
    ("duty-unknown", "een onbekende bewaarplicht", "an unknown duty"),
    ("duty-not-by-who-may-ask", "gevraagd door wie daar niet over gaat", "asked by who may not ask for it"),
    ("duty-anothers-interest", "bewaard in het belang van een ander", "kept in the interest of another"),
    ("duty-claim", "bewaard voor een klacht of een zaak", "kept for a complaint or a case"),
    ("duty-law", "een andere wet vraagt het te bewaren", "another law demands that it is kept"),
    // Who asked for it.
    ("patient", "de cliënt", "the patient"),
    ("representative", "een vertegenwoordiger", "a representative"),
    ("both", "de cliënt en de vertegenwoordiger", "the patient and the representative"),
    ("organisation", "de organisatie", "the organisation"),
];

/// Families of codes: what stands behind the words is told as it is.
const FAMILIES: &[Reason] = &[
    ("audit-event-", "een gemelde gebeurtenis klopte niet", "a reported event was wrong"),
    ("smtp-", "de mailserver weigerde", "the mail server refused"),
    ("ses-", "de maildienst weigerde", "the mail service refused"),
];

/// Words between the reason of an erasure and who asked for it.
const ASKED_BY: &str = " (asked by: ";

impl Language {
    /// A reason in words: those of its code, of its family, or what was written, where it is no code of ours.
    #[must_use]
    pub fn reason_of(self, reason: &str) -> Cow<'_, str> {
        let pick = |(_, dutch, english): &Reason| match self {
            Self::Dutch => *dutch,
            Self::English => *english,
        };
        if let Some(known) = REASONS.iter().find(|(code, ..)| *code == reason) {
            return Cow::Borrowed(pick(known));
        }
        for family in FAMILIES {
            if let Some(rest) = reason.strip_prefix(family.0) {
                return Cow::Owned(format!("{} ({rest})", pick(family)));
            }
        }
        let asked = reason.strip_suffix(')').and_then(|text| text.rsplit_once(ASKED_BY));
        match asked {
            Some((why, who)) => {
                Cow::Owned(format!("{} ({}: {})", self.reason_of(why), self.asked_by(), self.reason_of(who)))
            }
            None => Cow::Owned(reason.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use zorgsluis_domain::erasure::HoldGround;
    use zorgsluis_domain::retention::{Asker, Reason as Ground, TERMS};

    use super::*;

    #[test]
    fn each_code_stands_once_with_words_of_its_own_in_both_languages() {
        let codes: BTreeSet<&str> = REASONS.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes.len(), REASONS.len());
        for (code, dutch, english) in REASONS {
            assert!(!dutch.is_empty() && !english.is_empty() && dutch != english, "{code}");
        }
    }

    #[test]
    fn every_ground_of_an_erasure_and_every_duty_against_one_has_words() {
        let grounds = Ground::ALL.map(|ground| ground.code().to_owned());
        let terms = TERMS.iter().map(|term| format!("duty-{}", term.code));
        let holds = HoldGround::ALL.iter().map(|ground| format!("duty-{}", ground.code()));
        let askers = [Asker::Patient, Asker::Representative, Asker::Both, Asker::Organisation];
        let askers = askers.map(|asker| asker.code().to_owned());
        for code in grounds.into_iter().chain(terms).chain(holds).chain(askers) {
            assert!(REASONS.iter().any(|(known, ..)| *known == code), "{code}");
        }
    }

    #[test]
    fn an_erasure_says_in_dutch_why_and_who_asked() {
        let told = Language::Dutch.reason_of("patient-request (asked by: both)");
        let words = "op verzoek van de cliënt (gevraagd door: de cliënt en de vertegenwoordiger)";
        assert_eq!(told, words);
        assert_eq!(
            Language::Dutch.reason_of("the ward closed (asked by: organisation)"),
            "the ward closed (gevraagd door: de organisatie)"
        );
        assert_eq!(Language::Dutch.reason_of("smtp-550"), "de mailserver weigerde (550)");
        assert_eq!(Language::English.reason_of("something of theirs"), "something of theirs");
    }
}
