//! Making an entry: each mandatory field is a step, and there is no way past one.

use jiff::Timestamp;

use super::entry::whole_microseconds;
use super::{
    AccessMethod, Application, AuditEntry, DataCategory, Deed, Incomplete, LegalBasis, Object, ObjectRole,
    PatientObject, Responsible, Source, User,
};
use crate::EntryId;

/// An entry that is not yet complete: the type says which step is next.
#[derive(Debug, Clone)]
#[must_use = "an entry that is not built is not logged"]
pub struct Draft<Step> {
    deed: Deed,
    step: Step,
}

/// Next: [`Draft::at`].
#[derive(Debug, Clone)]
pub struct Undated(());

/// Next: [`Draft::by`].
#[derive(Debug, Clone)]
pub struct Anonymous {
    id: EntryId,
    recorded: Timestamp,
}

/// Next: [`Draft::through`].
#[derive(Debug, Clone)]
pub struct Unplaced {
    before: Anonymous,
    user: User,
}

/// Next: [`Draft::reported_by`].
#[derive(Debug, Clone)]
pub struct Unreported {
    before: Unplaced,
    access_method: AccessMethod,
    application: Application,
}

impl AuditEntry {
    /// Begins an entry about a deed. The steps that follow are mandatory, in this order; then come the fields
    /// that not every entry has, and [`EntryBuilder::build`].
    ///
    /// ```
    /// use zorgsluis_domain::audit::{AccessMethod, Application, Deed, Source, User};
    /// use zorgsluis_domain::{AuditEntry, EntryId};
    ///
    /// let now = "2026-11-16T08:00:00Z".parse().unwrap();
    /// let source = Source {
    ///     enterprise_site_id: "linde".into(),
    ///     source_id: "gateway".into(),
    ///     source_type: 4,
    /// };
    /// let entry = AuditEntry::of(Deed::read())
    ///     .at(EntryId::derived(now, "read 1"), now)
    ///     .by(User::system("arts-17", true))
    ///     .through(AccessMethod::Http, Application::zorgsluis())
    ///     .reported_by(source)
    ///     .patient("Patient/p1")
    ///     .resources([(String::from("Observation/o1"), Some(1))])
    ///     .build();
    /// assert_eq!(entry.users[0].id, "arts-17");
    /// ```
    ///
    /// Without one of the steps it does not compile; here nobody is named:
    ///
    /// ```compile_fail,E0599
    /// use zorgsluis_domain::audit::{AccessMethod, Application, Deed};
    /// use zorgsluis_domain::{AuditEntry, EntryId};
    ///
    /// let now = "2026-11-16T08:00:00Z".parse().unwrap();
    /// let draft = AuditEntry::of(Deed::read()).at(EntryId::derived(now, "read 1"), now);
    /// draft.through(AccessMethod::Http, Application::zorgsluis());
    /// ```
    ///
    /// And a disclosure names its recipient and what was disclosed:
    ///
    /// ```compile_fail,E0061
    /// let deed = zorgsluis_domain::audit::Deed::disclosed();
    /// ```
    pub const fn of(deed: Deed) -> Draft<Undated> {
        Draft { deed, step: Undated(()) }
    }
}

impl Draft<Undated> {
    /// Under which id, and when it was recorded; what lies beyond microseconds is cut off.
    pub fn at(self, id: EntryId, recorded: Timestamp) -> Draft<Anonymous> {
        let step = Anonymous { id, recorded: whole_microseconds(recorded) };
        Draft { deed: self.deed, step }
    }
}

impl Draft<Anonymous> {
    /// The user: the person or system that did it. Others who took part are added with
    /// [`EntryBuilder::user`].
    pub fn by(self, user: User) -> Draft<Unplaced> {
        Draft { deed: self.deed, step: Unplaced { before: self.step, user } }
    }
}

impl Draft<Unplaced> {
    /// How data were reached, and with which application.
    pub fn through(self, access_method: AccessMethod, application: Application) -> Draft<Unreported> {
        let step = Unreported { before: self.step, access_method, application };
        Draft { deed: self.deed, step }
    }
}

impl Draft<Unreported> {
    /// Who reports: organisation and part of the system.
    pub fn reported_by(self, source: Source) -> EntryBuilder {
        let Draft { deed, step: Unreported { before, access_method, application } } = self;
        let Unplaced { before: Anonymous { id, recorded }, user } = before;
        // The recipient of a disclosure goes first: it is the other end of the line.
        let mut users = deed.users;
        users.push(user);
        let categories: Vec<DataCategory> = deed.objects.iter().filter_map(category).collect();
        let builder = EntryBuilder {
            entry: AuditEntry {
                id,
                recorded,
                event: deed.event,
                users,
                responsible: None,
                patient: deed.patient,
                objects: deed.objects,
                data_categories: Vec::new(),
                legal_basis: LegalBasis { emergency: deed.emergency, ..LegalBasis::default() },
                access_method,
                application,
                device: None,
                source,
                traceparent: None,
                reported: deed.reported,
            },
        };
        categories.into_iter().fold(builder, EntryBuilder::category)
    }
}

/// The category of what a deed names: of a resource `Type/id`, and of the type that is searched.
fn category(object: &Object) -> Option<DataCategory> {
    let is_type = |name: &str| name.starts_with(|first: char| first.is_ascii_uppercase());
    match (object.role, object.id.split_once('/')) {
        (ObjectRole::Resource, Some((resource_type, _))) if is_type(resource_type) => {
            Some(DataCategory::of_resource(resource_type))
        }
        (ObjectRole::Query, _) => Some(DataCategory::of_resource(&object.id)),
        (ObjectRole::Log, _) => Some(DataCategory::Log),
        _ => None,
    }
}

/// An entry that has what every entry must have; the rest is added here.
#[derive(Debug, Clone)]
#[must_use = "an entry that is not built is not logged"]
pub struct EntryBuilder {
    entry: AuditEntry,
}

impl EntryBuilder {
    /// The patient, `Patient/<id>`. An entry about more patients is one entry for each.
    pub fn patient(self, reference: impl Into<String>) -> Self {
        self.patient_if_any(Some(reference.into()))
    }

    /// The patient, if it is about one. What the deed names stays where none is given.
    pub fn patient_if_any(mut self, reference: Option<String>) -> Self {
        if let Some(reference) = reference {
            self.entry.patient = Some(PatientObject { reference });
        }
        self
    }

    /// Somebody else who took part.
    pub fn user(mut self, user: User) -> Self {
        self.entry.users.push(user);
        self
    }

    /// The person acted for, if there is one.
    pub fn responsible(mut self, responsible: Option<Responsible>) -> Self {
        self.entry.responsible = responsible;
        self
    }

    /// Something that was touched.
    pub fn object(mut self, object: Object) -> Self {
        self.entry.objects.push(object);
        self
    }

    /// The message that it is about.
    pub fn message(self, message: impl Into<String>) -> Self {
        self.object(Object::new(ObjectRole::Message, message.into()))
    }

    /// A resource that was touched (`Type/id`), and its category.
    pub fn resource(mut self, object: Object) -> Self {
        let category = category(&object);
        self.entry.objects.push(object);
        category.into_iter().fold(self, Self::category)
    }

    /// Resources that were touched (`Type/id`, version), and their categories.
    pub fn resources(mut self, resources: impl IntoIterator<Item = (String, Option<u64>)>) -> Self {
        self.entry = self.entry.with_resources(resources);
        self
    }

    /// A category of the data touched.
    pub fn category(mut self, category: DataCategory) -> Self {
        if !self.entry.data_categories.contains(&category) {
            self.entry.data_categories.push(category);
        }
        self
    }

    /// On what ground access was given or refused. The emergency flag that the deed set stays set.
    pub fn legal_basis(mut self, basis: LegalBasis) -> Self {
        let emergency = basis.emergency || self.entry.legal_basis.emergency;
        self.entry.legal_basis = LegalBasis { emergency, ..basis };
        self
    }

    /// The device used, when it is not the server itself.
    pub fn device(mut self, device: Option<String>) -> Self {
        self.entry.device = device;
        self
    }

    /// The W3C traceparent, if there is one.
    pub fn traceparent(mut self, traceparent: Option<String>) -> Self {
        self.entry.traceparent = traceparent;
        self
    }

    /// The entry.
    #[must_use]
    pub fn build(self) -> AuditEntry {
        self.entry
    }

    /// The entry, if it has what its kind demands: for an event that another system reports
    /// ([`Deed::reported`]).
    ///
    /// # Errors
    ///
    /// What is missing.
    pub fn build_checked(self) -> Result<AuditEntry, Incomplete> {
        self.entry.check().map(|()| self.entry)
    }
}
