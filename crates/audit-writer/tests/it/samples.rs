//! One entry of each kind that the system makes, and variants, as they are made.

use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::EntryId;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, Deed, EntryBuilder, Event, EventKind, LegalBasis, NetworkAccessPoint,
    Object, ObjectRole, Outcome, PurposeOfUse, Reported, Responsible, User,
};

use crate::support::{ANNA, NAME, source, time};

const MESSAGE: &str = "0e3c5a1e-1111-8222-8333-444455556666";
const RESULT: &str = "Observation/obs-7";

/// At the other end of a connection.
fn doctor() -> User {
    User {
        name: Some(format!("H.J. {NAME}")),
        network: Some(NetworkAccessPoint::Ip("192.0.2.44".into())),
        uzi: Some("900030787".into()),
        ..User::system("arts-17", true)
    }
}

fn sender() -> User {
    User { purpose: Some(PurposeOfUse::Treatment), ..User::system("ziekenhuis-linde-zis", true) }
}

fn sender_on_the_line() -> User {
    User { network: Some(NetworkAccessPoint::Machine("zis.linde.example".into())), ..sender() }
}

/// The sender of a message that was taken from a queue, with the address from which it came in.
fn sender_from_afar() -> User {
    User { network: Some(NetworkAccessPoint::Ip("10.1.2.3".into())), ..sender() }
}

fn provider(network: bool) -> User {
    let address = NetworkAccessPoint::Uri("mailto:praktijk@brug.example".into());
    User {
        name: Some("Huisartsenpraktijk De Brug".into()),
        network: network.then_some(address),
        agb: Some("01012345".into()),
        ..User::system("provider-1", false)
    }
}

fn made(number: i64, deed: Deed, by: User, method: AccessMethod) -> EntryBuilder {
    let at = time(number);
    AuditEntry::of(deed)
        .at(EntryId::derived(at, &format!("sample {number}")), at)
        .by(by)
        .through(method, Application::zorgsluis())
        .reported_by(source())
}

/// By a person over HTTP, about Anna.
fn asked(number: i64, deed: Deed) -> EntryBuilder {
    made(number, deed, doctor(), AccessMethod::Http).patient(ANNA)
}

/// What the system writes because of a message that it took from a queue.
fn queued(number: i64, deed: Deed) -> EntryBuilder {
    made(number, deed, sender_from_afar(), AccessMethod::Queue)
        .user(User::system("zorgsluis", false))
        .patient(ANNA)
        .message(MESSAGE)
}

fn operator(number: i64, deed: Deed) -> EntryBuilder {
    made(number, deed, User::system("operator", true), AccessMethod::CommandLine)
}

fn result() -> [(String, Option<u64>); 1] {
    [(RESULT.into(), Some(1))]
}

fn several() -> [(String, Option<u64>); 3] {
    [(RESULT.into(), Some(1)), ("Condition/c1".into(), None), ("Patient/p1".into(), Some(3))]
}

fn whole_read() -> EntryBuilder {
    let user = User {
        alternate_id: Some("hjw".into()),
        roles: vec!["http://fhir.nl/fhir/NamingSystem/uzi-rolcode|01.015".into(), "zaalarts".into()],
        purpose: Some(PurposeOfUse::Treatment),
        agb: Some("03999201".into()),
        organisation: Some("http://fhir.nl/fhir/NamingSystem/ura|90000380".into()),
        department: Some("interne".into()),
        ..doctor()
    };
    let mut result = Object::new(ObjectRole::Resource, RESULT);
    result.version = Some(1);
    result.sensitivity = Some("http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R".into());
    result.policy_set = Some("p1".into());
    made(4, Deed::read(), user, AccessMethod::Http)
        .patient(ANNA)
        .user(User::system("assistent-3", true))
        .responsible(Some(Responsible { id: "arts-1".into(), role: Some("internist".into()) }))
        .object(result)
        .category(zorgsluis_domain::audit::DataCategory::Results)
        .device(Some("werkplek-12".into()))
        .traceparent(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()))
        .legal_basis(LegalBasis {
            authorisation_protocol: Some("policies 2026-11".into()),
            treatment_relationship_protocol: Some("current-encounter".into()),
            consent_profile: Some("opt-in".into()),
            checks: vec!["role".into(), "relationship".into()],
            emergency: true,
        })
}

fn consent_denial() -> EntryBuilder {
    let user = User {
        alternate_id: Some("hjw".into()),
        organisation: Some("http://fhir.nl/fhir/NamingSystem/ura|90000380".into()),
        purpose: Some(PurposeOfUse::Treatment),
        ..doctor()
    };
    made(30, Deed::denied("opted-out"), user, AccessMethod::Http)
        .patient(ANNA)
        .resources([("Consent/c1".into(), None)])
}

fn reported() -> AuditEntry {
    let original = r#"{"resourceType":"AuditEvent","id":"x1","type":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110112"},"recorded":"2026-11-16T08:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"ecd"}}}"#;
    let reported = Reported { submitter: "ecd".into(), received: time(31), original: original.into() };
    let event = Event::success(EventKind::Other, Action::Execute);
    made(31, Deed::reported(event, reported), doctor(), AccessMethod::OtherSystem).patient(ANNA).build()
}

/// All of them.
pub(crate) fn all() -> Vec<(&'static str, AuditEntry)> {
    let database = Object::new(ObjectRole::Resource, "fhir.db");
    let notice = || Object::new(ObjectRole::Resource, "Communication/n1");
    let bulk = || Object::new(ObjectRole::Resource, "log/linde");
    let builders = [
        (
            "create",
            made(1, Deed::created().triggered_by(Some("ADT^A01")), sender_on_the_line(), AccessMethod::Mllp)
                .patient(ANNA)
                .resources(result())
                .message(MESSAGE),
        ),
        ("create-no-patient", made(2, Deed::created(), doctor(), AccessMethod::Http).resources(result())),
        ("create-from-queue", queued(3, Deed::created()).resources(several())),
        ("read", whole_read()),
        ("read-several", asked(5, Deed::read()).resources(several())),
        (
            "read-no-network",
            made(6, Deed::read(), User::system("arts-17", true), AccessMethod::Http)
                .patient(ANNA)
                .resources(result()),
        ),
        ("read-message", operator(7, Deed::read()).message(MESSAGE)),
        (
            "read-by-three",
            asked(8, Deed::read())
                .user(User::system("assistent-3", true))
                .user(User::system("assistent-4", true))
                .user(User::system("toegangspoort", false))
                .resources(result()),
        ),
        ("failed-read", asked(9, Deed::read().ended(Outcome::SeriousFailure, "store")).resources(result())),
        ("not-found", asked(10, Deed::read().failed("not-found")).resources([(RESULT.into(), None)])),
        (
            "history",
            asked(11, Deed::history_read()).resources([(RESULT.into(), Some(2)), result()[0].clone()]),
        ),
        ("update", queued(12, Deed::updated()).resources(several())),
        ("delete", asked(13, Deed::deleted()).resources(result())),
        ("delete-no-patient", made(14, Deed::deleted(), doctor(), AccessMethod::Http).resources(result())),
        ("search", asked(15, Deed::searched("Patient", "name=Vries&birthdate=1961")).resources(several())),
        ("search-no-patient", made(16, Deed::searched("Patient", "_count=50"), doctor(), AccessMethod::Http)),
        ("merge", queued(17, Deed::merged()).resources([(ANNA.into(), None), ("Patient/p2".into(), None)])),
        (
            "import",
            made(
                18,
                Deed::imported(MESSAGE).triggered_by(Some("ORU^R01")),
                sender_on_the_line(),
                AccessMethod::Mllp,
            )
            .patient(ANNA)
            .resources(result()),
        ),
        (
            "import-from-queue",
            made(19, Deed::imported(MESSAGE), sender_from_afar(), AccessMethod::Queue).patient(ANNA),
        ),
        (
            "import-from-nowhere",
            made(46, Deed::imported(MESSAGE), sender(), AccessMethod::Queue).patient(ANNA),
        ),
        (
            "disclosure",
            made(
                20,
                Deed::disclosed(provider(true), notice()).triggered_by(Some("ADT^A01")),
                sender(),
                AccessMethod::Internal,
            )
            .user(User::system("zorgsluis", false))
            .patient(ANNA)
            .message(MESSAGE)
            .resources(result()),
        ),
        (
            "failed-disclosure",
            made(
                21,
                Deed::disclosed(provider(false), notice()).failed("smtp-550"),
                sender(),
                AccessMethod::Internal,
            )
            .patient(ANNA),
        ),
        (
            "disclosure-to-engine",
            made(
                22,
                Deed::disclosed(User::system("comprehend-medical", false), notice()),
                sender(),
                AccessMethod::Queue,
            )
            .patient(ANNA),
        ),
        (
            "register",
            made(
                23,
                Deed::on_register(Action::Update, "provider-change"),
                User::system("operator", true),
                AccessMethod::CommandLine,
            )
            .object(Object::new(ObjectRole::Resource, "Provider/provider-1")),
        ),
        (
            "refusal",
            made(
                24,
                Deed::refused("unsupported-event").triggered_by(Some("SIU")),
                sender_on_the_line(),
                AccessMethod::Mllp,
            ),
        ),
        ("refused-request", asked(25, Deed::refused("invalid-request"))),
        (
            "denial",
            asked(26, Deed::denied("no-treatment-relationship").trying(Action::Read)).resources(result()),
        ),
        ("denial-by-consent", consent_denial()),
        ("log-read", operator(27, Deed::log_read("log/linde", "entry 1")).patient(ANNA)),
        ("log-verify", operator(28, Deed::log_verified("log/linde", "3 entries").failed("findings"))),
        ("replay", operator(29, Deed::replayed(MESSAGE))),
        ("log-in", made(32, Deed::logged_in(), doctor(), AccessMethod::Http)),
        ("log-in-failed", made(33, Deed::logged_in().failed("wrong-token"), doctor(), AccessMethod::Http)),
        ("log-out", made(34, Deed::logged_out(), doctor(), AccessMethod::Http)),
        ("export", operator(35, Deed::exported(bulk()))),
        ("print", operator(36, Deed::printed(bulk())).patient(ANNA)),
        ("break-glass", asked(37, Deed::broke_glass(ANNA, "reanimatie op de SEH").unwrap())),
        (
            "direct-access",
            made(
                38,
                Deed::accessed_directly(database, "herstel na storing").unwrap(),
                User::system("dba-2", true),
                AccessMethod::Database,
            ),
        ),
        ("erasure", operator(39, Deed::erased(ANNA, "dossier", "verzoek van de cliënt").unwrap())),
        ("key-rotation", operator(42, Deed::key_rotated("log/linde", "linde+7e3a1c50"))),
        ("start", made(40, Deed::started(), User::system("zorgsluis", true), AccessMethod::Internal)),
        ("stop", made(41, Deed::stopped(), User::system("zorgsluis", true), AccessMethod::Internal)),
    ];
    let mut all: Vec<_> = builders.into_iter().map(|(name, builder)| (name, builder.build())).collect();
    all.push(("reported", reported()));
    all
}

/// The entry of that name.
pub(crate) fn named(name: &str) -> AuditEntry {
    all().into_iter().find(|(known, _)| *known == name).unwrap().1
}
