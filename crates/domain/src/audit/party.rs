use serde::{Deserialize, Serialize};

/// PurposeOfUse: why access was asked (HL7 v3 ActReason).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PurposeOfUse {
    /// Treatment.
    #[serde(rename = "TREAT")]
    Treatment,
    /// Emergency treatment.
    #[serde(rename = "ETREAT")]
    EmergencyTreatment,
    /// Break the glass.
    #[serde(rename = "BTG")]
    BreakGlass,
    /// Asked by the patient.
    #[serde(rename = "PATRQT")]
    PatientRequest,
    /// Healthcare operations.
    #[serde(rename = "HOPERAT")]
    Operations,
    /// Research.
    #[serde(rename = "HRESCH")]
    Research,
    /// Patient administration.
    #[serde(rename = "PATADMIN")]
    Administration,
}

/// NetworkAccessPointTypeCode and -ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type", content = "id")]
pub enum NetworkAccessPoint {
    /// Machine name (1).
    Machine(String),
    /// IP address (2).
    Ip(String),
    /// A URI (5), without query.
    Uri(String),
}

/// How data were reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessMethod {
    /// HL7 v2 over MLLP.
    Mllp,
    /// HL7 v2 or FHIR over HTTP.
    Http,
    /// A message queue.
    Queue,
    /// The command line on the machine that holds the data.
    CommandLine,
    /// A file or a database of the system, opened outside its own control.
    Database,
    /// A process of the system itself.
    Internal,
    /// In another system, which reported it.
    OtherSystem,
}

/// An application and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Application {
    /// This software, in this version.
    pub fn zorgsluis() -> Self {
        Self { name: String::from("zorgsluis"), version: String::from(env!("CARGO_PKG_VERSION")) }
    }
}

/// A user: a person or a system that took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    /// UserID.
    pub id: String,
    /// AlternateUserID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate_id: Option<String>,
    /// UserName.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// UserIsRequestor.
    pub requestor: bool,
    /// RoleIDCode, as `system|code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// PurposeOfUse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeOfUse>,
    /// NetworkAccessPoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkAccessPoint>,
    /// UZI number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uzi: Option<String>,
    /// AGB code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agb: Option<String>,
    /// The organisation that they work for, if it is known: by name, or as `system|code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The department of that organisation, by the code that the organisation uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

impl User {
    /// A system as user, for example a sender by its profile name.
    pub fn system(id: impl Into<String>, requestor: bool) -> Self {
        Self {
            id: id.into(),
            alternate_id: None,
            name: None,
            requestor,
            roles: Vec::new(),
            purpose: None,
            network: None,
            uzi: None,
            agb: None,
            organisation: None,
            department: None,
        }
    }
}

/// The responsible user: the person acted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Responsible {
    /// Their id.
    pub id: String,
    /// Their role, as `system|code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}
