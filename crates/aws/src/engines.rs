//! Of the ports of a program, what mails and notes need.

use std::sync::Arc;

use aws_sdk_kms::primitives::Blob;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{Mailer, TextAnalysis};

use crate::failure::failed;
use crate::function::Failed;
use crate::{ComprehendMedical, ComprehendMedicalSettings, Parts, SesMailer, SettingsError, Variable};

/// What signs mails, and whose name they bear.
pub struct MailSigning {
    /// The certificate, PEM, with those of its issuers.
    pub certificate: String,
    /// Its private key, PEM.
    pub key: String,
    /// The organisation's name as mails say it (`mail/name` in the settings bucket), where it is not that of its id.
    pub name: Option<String>,
}

impl std::fmt::Debug for MailSigning {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailSigning").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Parts {
    /// What mails go through.
    ///
    /// # Errors
    ///
    /// When the program has no such settings.
    pub fn mailer(&self) -> Result<Arc<dyn Mailer>, SettingsError> {
        let settings = self.settings();
        let from = settings.need(Variable::MailFrom)?;
        let configuration_set = settings.need(Variable::MailConfigurationSet)?;
        Ok(Arc::new(SesMailer::new(self.clients(), from, configuration_set)))
    }

    /// What signs mails: `mail/certificate.pem` of the settings bucket, and its key, which `mail/key` holds as KMS
    /// ciphertext under the key of pseudonyms (encryption context `zorgsluis` = `mail-signing`).
    ///
    /// # Errors
    ///
    /// When it is not there, or what S3 and KMS answer.
    pub async fn mail_signing(&self) -> Result<MailSigning, Failed> {
        const OPERATION: &str = "settings.mail_signing";
        let bucket = self.bucket()?;
        let Some((certificate, sealed)) = bucket.mail_signature().await? else {
            return Err(Failed::because(
                "mail/certificate.pem is not in the settings bucket: mails must be signed",
            ));
        };
        let opened = self
            .clients()
            .kms
            .decrypt()
            .key_id(self.settings().need(Variable::PseudonymKey)?)
            .ciphertext_blob(Blob::new(sealed))
            .encryption_context("zorgsluis", "mail-signing")
            .send()
            .await
            .map_err(|error| failed(OPERATION, error))?;
        let key = opened.plaintext.map(Blob::into_inner).unwrap_or_default();
        let text = |bytes: Vec<u8>, what: &str| {
            let reason = format!("mail/{what} is no UTF-8");
            String::from_utf8(bytes).map_err(|_| PortError::Damaged { operation: OPERATION, reason })
        };
        Ok(MailSigning {
            certificate: text(certificate, "certificate.pem")?,
            key: text(key, "key")?,
            name: bucket.mail_name().await?,
        })
    }

    /// What reads English notes outside the organisation, where that is switched on.
    ///
    /// # Errors
    ///
    /// When the program has no such settings.
    pub fn english_engine(&self) -> Result<Option<Arc<dyn TextAnalysis>>, SettingsError> {
        let settings = self.settings();
        if settings.need(Variable::ComprehendMedical)? != "on" {
            return Ok(None);
        }
        let engine = ComprehendMedicalSettings {
            budget_table: settings.table("budget"),
            daily_limit: settings.number(Variable::ComprehendMedicalDailyLimit)?.into(),
            snomed: settings.get(Variable::ComprehendMedicalSnomed) == Some("on"),
        };
        Ok(Some(Arc::new(ComprehendMedical::new(self.clients(), engine, self.clock()))))
    }
}
