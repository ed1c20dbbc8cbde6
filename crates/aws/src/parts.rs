//! The ports on AWS, made from the settings once.

use std::sync::Arc;

use zorgsluis_domain::Clock;

use crate::{Clients, Settings, SystemClock};

/// Makes the ports of a program. Each is made when it is asked for: a program that does not ask for a port needs
/// neither its settings nor its rights.
#[derive(Debug, Clone)]
pub struct Parts {
    settings: Arc<Settings>,
    clients: Clients,
}

impl Parts {
    /// Makes the clients, with the credentials of the program's role.
    pub async fn load(settings: Arc<Settings>) -> Self {
        let clients = Clients::load(&settings.region, &settings.endpoints, None).await;
        Self { settings, clients }
    }

    /// What was set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The SDK clients.
    #[must_use]
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}
