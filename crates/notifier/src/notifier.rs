//! The use case: one message, all whom it names.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::audit::Source;
use zorgsluis_domain::notice::{
    NamedRecipient, NoticeId, NoticeOrder, NoticeOutcome, NoticeStep, NotifiedEvent,
};
use zorgsluis_domain::port::{
    AuditSink, DeadLetter, DeadLetters, FhirStore, Journal, Keys, Mailer, NoticeRegister, OptOuts,
    PatientIndex, PayloadStore, Provider, ProviderDirectory, ResourceKey,
};
use zorgsluis_domain::{Clock, EntryId, MessageId, PortError, QueueReference, Stage, Way};
use zorgsluis_worker::{Parking, Process, ProcessError};

use crate::tell::{Telling, is_to_be_sent, step_without_provider};
use crate::trail::Trail;
use crate::{NotifierError, Settings, lookup};

/// How long before its end a signing certificate is warned of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Whom one message can name at most; the others are not told.
const RECIPIENTS: usize = 50;

/// The ports that the notifier works over.
#[derive(Clone)]
pub struct Ports {
    /// The raw messages; beside them the orders to notify.
    pub payloads: Arc<dyn PayloadStore>,
    /// The resources: what a mail tells, and the Communications.
    pub fhir: Arc<dyn FhirStore>,
    /// Where the data of a merged patient live.
    pub patients: Arc<dyn PatientIndex>,
    /// Who may be told, and under which address.
    pub directory: Arc<dyn ProviderDirectory>,
    /// Which notices were sent.
    pub notices: Arc<dyn NoticeRegister>,
    /// Patients who do not want it.
    pub opt_outs: Arc<dyn OptOuts>,
    /// What mails go through.
    pub mailer: Arc<dyn Mailer>,
    /// Pseudonyms.
    pub keys: Arc<dyn Keys>,
    /// The NEN 7513 log.
    pub audit: Arc<dyn AuditSink>,
    /// The way of each message.
    pub journal: Arc<dyn Journal>,
    /// What was set aside.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Tells providers. Cheap to clone.
#[derive(Clone)]
pub struct Notifier {
    pub(crate) ports: Ports,
    pub(crate) settings: Arc<Settings>,
    pub(crate) parking: Parking,
}

impl Notifier {
    /// Takes ports and settings.
    ///
    /// # Errors
    ///
    /// [`NotifierError::Settings`].
    pub fn new(ports: Ports, settings: Settings) -> Result<Self, NotifierError> {
        settings.check()?;
        let soon = ports.clock.now().saturating_add(SOON).unwrap_or(Timestamp::MAX);
        if settings.signing.valid_until().is_none_or(|until| until < soon) {
            tracing::warn!("the certificate that mails are signed with has expired or soon will: replace it");
        }
        let source = Source {
            enterprise_site_id: settings.organisation.clone(),
            source_id: String::from("notifier"),
            source_type: 4,
        };
        let parking = Parking {
            payloads: Arc::clone(&ports.payloads),
            keys: Arc::clone(&ports.keys),
            journal: Arc::clone(&ports.journal),
            dead_letters: Arc::clone(&ports.dead_letters),
            audit: Arc::clone(&ports.audit),
            source,
        };
        Ok(Self { ports, settings: Arc::new(settings), parking })
    }

    /// Tells those whom a message names, as its order says. Doing it again sends nothing twice.
    ///
    /// # Errors
    ///
    /// [`ProcessError::Refused`] once all others were told, when somebody cannot be told as things stand;
    /// [`ProcessError::Port`] when a port failed: what was done stands, the rest is done in the next
    /// delivery.
    pub async fn notify(&self, reference: &QueueReference) -> Result<(), ProcessError> {
        let way = self.ports.journal.get(reference.message).await?;
        if let Some(way) = &way
            && let Some(ended) = ended(way)
            && !self.sends_again(way).await?
        {
            return ended;
        }
        let order = self.order(reference.message).await?;
        let patient = self.ports.patients.survivor(order.patient).await?;
        let held_back = self.held_back(&order, patient).await?;
        let telling = Telling {
            ports: &self.ports,
            settings: &self.settings,
            reference,
            order: &order,
            patient,
            way: way.as_ref(),
            trail: Trail::new(&self.parking.source, reference, patient, way.as_ref()),
        };
        let mut entries = Vec::new();
        let mut seen = BTreeSet::new();
        let mut steps = Vec::new();
        let mut failed = None;
        for named in order.recipients.iter().take(RECIPIENTS) {
            match self.one(&telling, named, held_back, &mut seen, &mut entries).await {
                Ok(step) => steps.push(step),
                // The others are told all the same. What will not pass is what the operator must see.
                Err(error) => {
                    let passes = |error: &ProcessError| matches!(error, ProcessError::Port(_));
                    if failed.as_ref().is_none_or(passes) {
                        failed = Some(error);
                    }
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if let Some(first) = order.recipients.get(RECIPIENTS) {
            steps.push(telling.refuse(&first.at, lookup::TOO_MANY, &mut entries).await?);
        }
        if steps.is_empty() {
            let nobody = |at: &String| step_without_provider(at, NoticeOutcome::Withheld, "no-recipient");
            steps.extend(order.empty.iter().map(nobody));
        }
        let mut stages = vec![Stage::Notified { event: order.event, notices: steps.clone() }];
        if !entries.is_empty() {
            stages.push(Stage::Audited { entries });
        }
        self.ports.journal.record(reference.message, self.ports.clock.now(), &stages).await?;
        refusal(&steps).map_or(Ok(()), Err)
    }

    pub(crate) async fn order(&self, message: MessageId) -> Result<NoticeOrder, ProcessError> {
        let unreadable = |text| ProcessError::refused("notice-order-unreadable", None, text);
        let bytes = match self.ports.payloads.get_note(message, NoticeOrder::NOTE).await {
            Err(PortError::NotFound { .. }) => {
                return Err(unreadable("no order to notify stands beside the message"));
            }
            bytes => bytes?,
        };
        let order: NoticeOrder = serde_json::from_slice(bytes.expose_phi())
            .map_err(|_| unreadable("the order to notify has not the shape that is known"))?;
        if order.v != 1 {
            return Err(unreadable("the order to notify is of another version"));
        }
        Ok(order)
    }

    /// Whether the patient does not want it, under this id or one that was merged into it.
    async fn opted_out(&self, patient: Uuid) -> Result<bool, PortError> {
        let mut patients = self.ports.patients.merged_into(patient).await?;
        patients.push(patient);
        self.ports.opt_outs.opted_out(&patients).await
    }

    /// Why nobody is told of this event: the patient has opted out, perhaps under another id; what happened
    /// was cancelled since.
    pub(crate) async fn held_back(
        &self,
        order: &NoticeOrder,
        patient: Uuid,
    ) -> Result<Option<&'static str>, PortError> {
        for one in std::iter::once(&patient).chain(&order.perhaps) {
            if self.opted_out(self.ports.patients.survivor(*one).await?).await? {
                return Ok(Some("patient-opted-out"));
            }
        }
        let Some(encounter) = order.encounter else { return Ok(None) };
        let key = ResourceKey::new("Encounter", encounter.to_string());
        let stored = self.ports.fhir.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let status = stored.filter(|stored| !stored.deleted).and_then(|stored| {
            let encounter: Value = serde_json::from_slice(stored.json.expose_phi()).ok()?;
            encounter.get("status")?.as_str().map(str::to_owned)
        });
        let cancelled = matches!(status.as_deref(), Some("cancelled" | "entered-in-error"));
        Ok((cancelled && order.event != NotifiedEvent::Result).then_some("cancelled-since"))
    }

    /// Whether an operator wants a notice of a message that is done to be sent again.
    async fn sends_again(&self, way: &Way) -> Result<bool, PortError> {
        let steps = way.since_replay().filter_map(|stage| match stage {
            Stage::Notified { notices, .. } => Some(notices),
            _ => None,
        });
        let notices: BTreeSet<NoticeId> = steps.flatten().filter_map(|step| step.notice).collect();
        for notice in notices {
            let line = self.ports.notices.get(notice).await?;
            if line.is_some_and(|line| is_to_be_sent(&line)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn one(
        &self,
        telling: &Telling<'_>,
        named: &NamedRecipient,
        held_back: Option<&'static str>,
        seen: &mut BTreeSet<Uuid>,
        entries: &mut Vec<EntryId>,
    ) -> Result<NoticeStep, ProcessError> {
        let at = named.at.as_str();
        let provider = match lookup::find(&*self.ports.directory, named).await? {
            Ok(provider) => provider,
            Err(why) => return telling.refuse(at, why, entries).await,
        };
        if seen.contains(&provider.id) {
            let step = step_without_provider(at, NoticeOutcome::Withheld, "named-twice");
            return Ok(NoticeStep { provider: Some(provider.id), ..step });
        }
        if let Some(why) = withheld(&provider, held_back, telling.order.event) {
            let step = telling.withhold(at, &provider, why, entries).await?;
            seen.insert(provider.id);
            return Ok(step);
        }
        let address = match lookup::address(&provider) {
            Ok(address) => address,
            Err(why) => return telling.refuse(at, why, entries).await,
        };
        seen.insert(provider.id);
        let order = self.told(telling.order, provider.id).await?;
        telling.of(&order).tell(at, &provider, address, entries).await
    }

    /// The order as a provider is told of it: whom it names only as one who ordered something is told of that,
    /// wherever in it he stands.
    pub(crate) async fn told<'o>(
        &self,
        order: &'o NoticeOrder,
        provider: Uuid,
    ) -> Result<Cow<'o, NoticeOrder>, PortError> {
        if order.recipients.iter().all(|named| named.about.is_empty()) {
            return Ok(Cow::Borrowed(order));
        }
        let mut about: Vec<String> = Vec::new();
        let mut known = BTreeSet::new();
        for named in order.recipients.iter().take(RECIPIENTS) {
            match lookup::find(&*self.ports.directory, named).await? {
                Ok(found) if found.id == provider => {}
                _ => continue,
            }
            if named.about.is_empty() {
                return Ok(Cow::Borrowed(order));
            }
            about.extend(named.about.iter().filter(|about| known.insert(about.as_str())).cloned());
        }
        Ok(Cow::Owned(NoticeOrder { about, ..order.clone() }))
    }
}

/// The wish or rule by which a provider is not told, if there is one.
pub(crate) fn withheld(
    provider: &Provider,
    held_back: Option<&'static str>,
    event: NotifiedEvent,
) -> Option<&'static str> {
    if !provider.active {
        Some("provider-inactive")
    } else if held_back.is_some() {
        held_back
    } else if provider.opted_out.contains(&event) {
        Some("provider-opted-out")
    } else {
        None
    }
}

/// How it ended since the last replay, if it did. What was refused and is not parked yet is refused again.
fn ended(way: &Way) -> Option<Result<(), ProcessError>> {
    let mut parked = false;
    for stage in way.since_replay().rev() {
        match stage {
            Stage::Parked { .. } => parked = true,
            Stage::Notified { notices, .. } if !parked => {
                return Some(refusal(notices).map_or(Ok(()), Err));
            }
            Stage::Notified { .. } => return Some(Ok(())),
            _ => {}
        }
    }
    None
}

/// The first that was refused.
fn refusal(steps: &[NoticeStep]) -> Option<ProcessError> {
    let step = steps.iter().find(|step| step.outcome == NoticeOutcome::Refused)?;
    let code = step.why.as_deref().unwrap_or("refused");
    Some(ProcessError::refused(code, Some(step.at.clone()), lookup::text(code)))
}

#[async_trait]
impl Process for Notifier {
    async fn accept(&self, raw: &[u8], received: Timestamp) -> Result<MessageId, PortError> {
        self.parking.accept(raw, received).await
    }

    async fn process(&self, reference: &QueueReference, _group: &str) -> Result<(), ProcessError> {
        self.notify(reference).await
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.parking.park(letter).await
    }
}
