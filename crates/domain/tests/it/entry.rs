//! Entries of the log: what they cannot leave out, and how they are written.

use jiff::Timestamp;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, DataCategory, Deed, EntryBuilder, Event, EventKind, Incomplete,
    LegalBasis, Object, ObjectRole, Outcome, Reported, Responsible, Source, User,
};
use zorgsluis_domain::{AuditEntry, EntryId};

fn at() -> Timestamp {
    "2026-11-16T08:00:00.123456789Z".parse().unwrap()
}

fn source() -> Source {
    Source { enterprise_site_id: "ziekenhuis-linde".into(), source_id: "gateway".into(), source_type: 4 }
}

fn about(deed: Deed) -> EntryBuilder {
    AuditEntry::of(deed)
        .at(EntryId::derived(at(), "entry"), at())
        .by(User::system("arts-17", true))
        .through(AccessMethod::Http, Application::zorgsluis())
        .reported_by(source())
}

fn original() -> Reported {
    Reported { submitter: "ecd".into(), received: at(), original: "{}".into() }
}

fn document() -> Object {
    Object::new(ObjectRole::Resource, "DocumentReference/d1")
}

#[test]
fn an_entry_is_in_utc_and_whole_microseconds_under_an_id_of_version_7() {
    let entry = about(Deed::read()).build();
    assert_eq!(entry.recorded.to_string(), "2026-11-16T08:00:00.123456Z");
    assert_eq!(entry.id.0.get_version_num(), 7);
    let winter: Timestamp = "2026-11-16T09:00:00.5+01:00".parse().unwrap();
    let entry = AuditEntry::of(Deed::started())
        .at(EntryId::new(winter, [255; 10]), winter)
        .by(User::system("zorgsluis", true))
        .through(AccessMethod::Internal, Application::zorgsluis())
        .reported_by(source())
        .build();
    assert_eq!(serde_json::to_value(&entry).unwrap()["recorded"], "2026-11-16T08:00:00.5Z");
    assert_eq!(entry.id.0.get_version_num(), 7);
}

#[test]
fn ids_of_one_moment_differ_and_sort_by_time() {
    let later = at() + jiff::Span::new().milliseconds(1);
    let first: Vec<EntryId> = (0..1000).map(|n| EntryId::derived(at(), &format!("n{n}"))).collect();
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), 1000);
    assert!(first.iter().all(|id| *id < EntryId::derived(later, "n0")));
}

/// Every constructor of a deed gives an entry that passes the check that entries from elsewhere go through.
#[test]
fn every_deed_gives_a_complete_entry() {
    let recipient = User::system("provider-1", true);
    let deeds = [
        Deed::created(),
        Deed::read(),
        Deed::history_read(),
        Deed::updated(),
        Deed::deleted(),
        Deed::searched("Patient", ""),
        Deed::merged(),
        Deed::imported("m1"),
        Deed::disclosed(recipient, document()),
        Deed::on_register(Action::Update, "provider-change"),
        Deed::refused("unsupported-event"),
        Deed::denied("no-token").trying(Action::Read),
        Deed::log_read("log/linde", "entry 1"),
        Deed::log_verified("log/linde", "3 entries"),
        Deed::replayed("m1"),
        Deed::logged_in(),
        Deed::logged_in().failed("wrong-token"),
        Deed::logged_out(),
        Deed::exported(document()),
        Deed::printed(document()),
        Deed::broke_glass("Patient/p1", "reanimatie").unwrap(),
        Deed::accessed_directly(Object::new(ObjectRole::Resource, "fhir.db"), "herstel").unwrap(),
        Deed::erased("Patient/p1", "dossier", "verzoek van de cliënt").unwrap(),
        Deed::key_rotated("log/linde", "linde+7e3a1c50"),
        Deed::started(),
        Deed::stopped().ended(Outcome::SeriousFailure, ""),
        Deed::reported(Event::success(EventKind::Other, Action::Execute), original()),
    ];
    let mut kinds = std::collections::HashSet::new();
    for deed in deeds {
        let entry = about(deed.clone()).build();
        assert_eq!(entry.check(), Ok(()), "{deed:?}");
        kinds.insert(entry.event.kind);
        let text = serde_json::to_string(&entry).unwrap();
        assert!(serde_json::from_str::<AuditEntry>(&text).unwrap() == entry, "{text}");
    }
    assert_eq!(kinds.len(), EventKind::ALL.len(), "each kind has a constructor");
}

#[test]
fn what_a_person_must_state_cannot_be_blank() {
    assert_eq!(Deed::broke_glass("Patient/p1", " \n").unwrap_err(), Incomplete::NoReason);
    assert_eq!(Deed::accessed_directly(document(), "").unwrap_err(), Incomplete::NoReason);
    assert_eq!(Deed::erased("Patient/p1", "dossier", " ").unwrap_err(), Incomplete::NoReason);
    assert_eq!(Deed::erased("Patient/p1", "", "verzoek").unwrap_err(), Incomplete::NoObject);
    let denial = about(Deed::denied(" ")).build();
    assert_eq!(denial.event.outcome_reason.as_deref(), Some("unstated"));
}

#[test]
fn breaking_the_glass_sets_the_emergency_flag_and_nothing_takes_it_away() {
    let entry = about(Deed::broke_glass("Patient/p1", " reanimatie ").unwrap())
        .legal_basis(LegalBasis { consent_profile: Some("opt-out".into()), ..LegalBasis::default() })
        .patient_if_any(None)
        .build();
    assert!(entry.legal_basis.emergency);
    assert_eq!(entry.legal_basis.consent_profile.as_deref(), Some("opt-out"));
    assert_eq!(entry.event.reason.as_deref(), Some("reanimatie"));
    assert_eq!(entry.patient.unwrap().reference, "Patient/p1");
}

#[test]
fn the_recipient_of_a_disclosure_goes_first_and_did_not_ask() {
    let entry = about(Deed::disclosed(User::system("provider-1", true), document())).build();
    assert_eq!(entry.users.len(), 2);
    assert_eq!((entry.users[0].id.as_str(), entry.users[0].requestor), ("provider-1", false));
    assert_eq!((entry.users[1].id.as_str(), entry.users[1].requestor), ("arts-17", true));
}

#[test]
fn all_fields_that_nen_7513_and_the_design_name_can_be_given() {
    let entry = about(Deed::read().triggered_by(Some("QRY^A19")))
        .user(User {
            alternate_id: Some("hjw".into()),
            name: Some("H.J. van der Waterman".into()),
            roles: vec!["http://fhir.nl/fhir/NamingSystem/uzi-rolcode|01.015".into()],
            uzi: Some("900030787".into()),
            agb: Some("03999201".into()),
            organisation: Some("http://fhir.nl/fhir/NamingSystem/ura|90000380".into()),
            department: Some("interne".into()),
            ..User::system("arts-18", false)
        })
        .responsible(Some(Responsible { id: "arts-1".into(), role: None }))
        .patient("Patient/p1")
        .message("m1")
        .resources([("Observation/o1".into(), Some(2))])
        .category(DataCategory::Results)
        .category(DataCategory::Log)
        .legal_basis(LegalBasis { checks: vec!["role".into()], ..LegalBasis::default() })
        .device(Some("werkplek-12".into()))
        .traceparent(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()))
        .build_checked()
        .unwrap();
    assert_eq!(entry.data_categories, [DataCategory::Results, DataCategory::Log]);
    assert_eq!(entry.objects.len(), 2);
    assert_eq!(entry.event.trigger.as_deref(), Some("QRY^A19"));
}

/// An entry as another system reports it, with one thing taken away.
#[test]
fn an_event_of_another_system_that_lacks_something_is_found_incomplete() {
    let reported = |kind, action| about(Deed::reported(Event::success(kind, action), original()));
    use EventKind as Kind;
    for (builder, missing) in [
        (reported(Kind::AccessDenied, Action::Read), Incomplete::NoReason),
        (reported(Kind::Refusal, Action::Execute), Incomplete::NoReason),
        (reported(Kind::Disclosure, Action::Read).object(document()), Incomplete::NoRecipient),
        (
            reported(Kind::Disclosure, Action::Read).user(User::system("provider-1", false)),
            Incomplete::NoObject,
        ),
        (reported(Kind::Export, Action::Read), Incomplete::NoObject),
        (reported(Kind::BreakGlass, Action::Execute).patient("Patient/p1"), Incomplete::NoReason),
        (reported(Kind::Erasure, Action::Delete), Incomplete::NoReason),
        (reported(Kind::ResourceRead, Action::Read).user(User::system(" ", false)), Incomplete::NoUser),
    ] {
        assert_eq!(builder.build_checked().unwrap_err(), missing);
    }
    let mut emergency = Event::success(Kind::BreakGlass, Action::Execute);
    emergency.reason = Some("reanimatie".into());
    let reported = || about(Deed::reported(emergency.clone(), original()));
    assert_eq!(reported().build_checked().unwrap_err(), Incomplete::NoPatient);
    let builder = reported().patient("Patient/p1");
    assert_eq!(builder.clone().build_checked().unwrap_err(), Incomplete::NoEmergency);
    let basis = LegalBasis { emergency: true, ..LegalBasis::default() };
    builder.legal_basis(basis).build_checked().unwrap();
    let mut entry = about(Deed::read()).build();
    entry.id = EntryId(uuid::Uuid::from_bytes([0x44; 16]));
    assert_eq!(entry.check(), Err(Incomplete::Id));
    entry = about(Deed::read()).build();
    entry.source.source_id.clear();
    assert_eq!(entry.check(), Err(Incomplete::NoSource));
}

/// As entries were written before users had organisation and department, and events a stated reason.
const OLD: &str = r#"{"id":"019a8ba1-4400-7f1c-a5b1-c3d4e5f60718","recorded":"2026-11-16T08:00:00.123456789Z",
"event":{"kind":"resource-create","action":"C","outcome":"0","trigger":"ADT^A01"},
"users":[{"id":"ziekenhuis-linde-zis","requestor":true,"purpose":"TREAT"},{"id":"zorgsluis","requestor":false}],
"patient":{"reference":"Patient/9b1e2c64-52f1-5f0e-8a57-0d6bd7a51c11"},
"objects":[{"role":"message","id":"0e3c5a1e-1111-8222-8333-444455556666"},
{"role":"resource","id":"Encounter/5d0a7e5e-52f1-5f0e-8a57-0d6bd7a51c11","version":1}],
"dataCategories":["encounters"],"legalBasis":{"emergency":false},"accessMethod":"queue",
"application":{"name":"zorgsluis","version":"0.1.0"},
"source":{"enterpriseSiteId":"ziekenhuis-linde","sourceId":"converter","sourceType":4}}"#;

#[test]
fn an_entry_that_was_written_before_is_read_as_it_stands() {
    let old: AuditEntry = serde_json::from_str(OLD).unwrap();
    assert_eq!(old.event.kind, EventKind::ResourceCreate);
    assert_eq!(
        (&old.event.reason, &old.users[0].organisation, &old.users[0].department),
        (&None, &None, &None)
    );
    let again = serde_json::to_value(&old).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(OLD).unwrap(), "and says the same again");
}

#[test]
fn a_field_that_nobody_knows_is_an_error_and_not_lost() {
    let with = OLD.replace("\"accessMethod\"", "\"accesMethod\":\"queue\",\"accessMethod\"");
    let error = serde_json::from_str::<AuditEntry>(&with).unwrap_err().to_string();
    assert!(error.contains("accesMethod"), "{error}");
}
