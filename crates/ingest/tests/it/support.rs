//! An ingest with two senders, and messages of invented people.

use std::sync::Arc;

use hl7v2::ack::{AckCode, Acknowledgement};
use hl7v2::{Charset, Message};
use zorgsluis_domain::{Phi, Transport};
use zorgsluis_ingest::{
    Accepted, ApplicationAck, Ingest, PatientIdentifier, Sender, SenderRules, Settings, Source, Unsupported,
};

use crate::doubles::Doubles;

/// `STRICT` refuses what is not supported; `TALK` wants application acknowledgements; `LATIN` declares no
/// character set; `BROKEN` has a profile that panics; all others have the default profile.
pub(crate) struct Rules;

impl SenderRules for Rules {
    fn sender(&self, application: &str, _facility: &str) -> Sender {
        let mut sender = Sender {
            profile: "default".into(),
            character_set: None,
            unsupported: Unsupported::Keep,
            application_ack: ApplicationAck::None,
        };
        match application {
            "STRICT" => sender.unsupported = Unsupported::Reject,
            "TALK" => sender.application_ack = ApplicationAck::OnAccept,
            "LATIN" => sender.character_set = Some(Charset::for_name("8859/1").unwrap()),
            _ => return sender,
        }
        sender.profile = application.to_lowercase();
        sender
    }

    fn patient(&self, message: &Message<'_>) -> Option<PatientIdentifier> {
        if message.header().field(3).value().text() == "BROKEN" {
            panic!("a fault in a profile");
        }
        let pid = message.segment("PID")?;
        let own = pid.field(3).repetitions().find(|cx| cx.component(5).value().text() == "PI")?;
        Some(PatientIdentifier {
            system: own.component(4).value().text().into_owned(),
            value: Phi::new(own.value().text().into_owned()),
        })
    }

    fn supports(&self, message: &Message<'_>) -> bool {
        message.header().field(9).first().component(2).value().text() == "A01"
    }
}

pub(crate) fn ingest(doubles: &Doubles) -> Ingest {
    ingest_with(doubles, Settings::default())
}

pub(crate) fn ingest_with(doubles: &Doubles, settings: Settings) -> Ingest {
    Ingest::new(doubles.ports(), Arc::new(Rules), settings)
}

pub(crate) fn mllp() -> Source {
    Source::new(Transport::Mllp, Some("10.1.2.3".into()))
}

/// A sender who has proved to be this system, by its client certificate.
pub(crate) fn proved(name: &str) -> Source {
    Source { authenticated: Some(name.to_owned()), ..mllp() }
}

/// The addresses of senders in what stands in the queue, in order.
pub(crate) fn addresses_in_queue(doubles: &Doubles) -> Vec<Option<String>> {
    let state = doubles.state();
    let references = state.queue.iter().map(|queued| serde_json::from_str(&queued.body).unwrap());
    let peer = |reference: zorgsluis_domain::QueueReference| reference.peer.map(|peer| peer.to_string());
    references.map(peer).collect()
}

/// The proved names in what stands in the queue, in order.
pub(crate) fn proved_in_queue(doubles: &Doubles) -> Vec<Option<String>> {
    let state = doubles.state();
    let references = state.queue.iter().map(|queued| serde_json::from_str(&queued.body).unwrap());
    references.map(|reference: zorgsluis_domain::QueueReference| reference.authenticated).collect()
}

/// An ADT of this event, from this sender, with this MSH-10 and patient number.
pub(crate) fn adt(sender: &str, event: &str, control_id: &str, patient: &str) -> Vec<u8> {
    adt_asking(sender, event, control_id, patient, "", "")
}

/// The same with MSH-15 and MSH-16.
pub(crate) fn adt_asking(
    sender: &str,
    event: &str,
    control_id: &str,
    patient: &str,
    accept: &str,
    application: &str,
) -> Vec<u8> {
    format!(
        "MSH|^~\\&|{sender}|LINDE|ZORGSLUIS|LINDE|20261102083000+0100||ADT^{event}^ADT_A01|{control_id}|P|2.5|||{accept}|{application}\r\
         EVN|{event}|20261102083000\r\
         PID|1||999911120^^^NLMINBIZA^NNNLD~{patient}^^^LINDE^PI||Sluiswachter&&Sluiswachter^Arie^^^^^L||19610412|M\r"
    )
    .into_bytes()
}

/// The codes that were answered, each read back from the bytes, with MSA-2.
pub(crate) fn answered(accepted: &Accepted) -> Vec<(AckCode, String)> {
    accepted
        .acknowledgements
        .iter()
        .map(|acknowledgement| {
            let read = Acknowledgement::parse(&acknowledgement.bytes).unwrap();
            assert_eq!(read.code, acknowledgement.code);
            (read.code, read.control_id)
        })
        .collect()
}
