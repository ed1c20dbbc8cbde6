//! The bucket of the settings: keys as KMS ciphertext, profiles of senders, what signs mails.

use zorgsluis_domain::PortError;

use crate::Clients;
use crate::failure::has_code;
use crate::hindered::hindered;

/// Bytes of one object at most: settings are small, and what is put here by mistake is not read.
const MAX_BYTES: i64 = 1 << 20;

/// Reads the settings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SettingsBucket {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl SettingsBucket {
    /// The settings in this bucket.
    #[must_use]
    pub fn new(clients: &Clients, bucket: impl Into<String>) -> Self {
        Self { client: clients.s3.clone(), bucket: bucket.into() }
    }

    /// The KMS ciphertext of a key (`keys/NAME`).
    ///
    /// # Errors
    ///
    /// [`PortError::NotFound`] when there is none.
    pub async fn key(&self, name: &str) -> Result<Vec<u8>, PortError> {
        self.read("settings.key", &format!("keys/{name}")).await
    }

    /// The profiles of senders (`profiles/*.toml`): name of the file and its bytes, in the order of their names.
    ///
    /// # Errors
    ///
    /// As of any port; one that vanishes while it is read is [`PortError::NotFound`].
    pub async fn profiles(&self) -> Result<Vec<(String, Vec<u8>)>, PortError> {
        let mut files = self.files("profiles/").await?;
        files.retain(|(name, _)| name.ends_with(".toml"));
        Ok(files)
    }

    /// The files of a folder (with its slash), not of folders in it: name (without the folder's) and bytes, in the
    /// order of their names.
    async fn files(&self, folder: &str) -> Result<Vec<(String, Vec<u8>)>, PortError> {
        const OPERATION: &str = "settings.files";
        let mut listing =
            self.client.list_objects_v2().bucket(&self.bucket).prefix(folder).into_paginator().send();
        let mut files = Vec::new();
        while let Some(page) = listing.next().await {
            let page = page.map_err(|error| hindered(OPERATION, error))?;
            for key in page.contents().iter().filter_map(aws_sdk_s3::types::Object::key) {
                let Some(name) = key.strip_prefix(folder) else { continue };
                if !name.is_empty() && !name.contains('/') {
                    files.push((name.to_owned(), self.read(OPERATION, key).await?));
                }
            }
        }
        Ok(files)
    }

    /// The certificate that signs mails (`mail/certificate.pem`), and the KMS ciphertext of its key
    /// (`mail/key`); none when mails are not signed.
    ///
    /// # Errors
    ///
    /// [`PortError::NotFound`] when there is a certificate without a key.
    pub async fn mail_signature(&self) -> Result<Option<(Vec<u8>, Vec<u8>)>, PortError> {
        const OPERATION: &str = "settings.mail_signature";
        let certificate = match self.read(OPERATION, "mail/certificate.pem").await {
            Err(PortError::NotFound { .. }) => return Ok(None),
            read => read?,
        };
        Ok(Some((certificate, self.read(OPERATION, "mail/key").await?)))
    }

    /// The organisation's name as mails say it (`mail/name`), where one is set.
    ///
    /// # Errors
    ///
    /// As of any port; [`PortError::Damaged`] when it is no UTF-8.
    pub async fn mail_name(&self) -> Result<Option<String>, PortError> {
        const OPERATION: &str = "settings.mail_name";
        let name = match self.read(OPERATION, "mail/name").await {
            Err(PortError::NotFound { .. }) => return Ok(None),
            read => read?,
        };
        let reason = String::from("mail/name is no UTF-8");
        let name =
            String::from_utf8(name).map_err(|_| PortError::Damaged { operation: OPERATION, reason })?;
        Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
    }

    async fn read(&self, operation: &'static str, key: &str) -> Result<Vec<u8>, PortError> {
        let object = self.client.get_object().bucket(&self.bucket).key(key).send().await;
        let object = object.map_err(|error| {
            if has_code(&error, "NoSuchKey") {
                PortError::NotFound { operation }
            } else {
                hindered(operation, error)
            }
        })?;
        if object.content_length().is_none_or(|length| length > MAX_BYTES) {
            return Err(PortError::Damaged { operation, reason: "a setting is larger than 1 MiB".into() });
        }
        let body = object.body.collect().await.map_err(|cause| PortError::unavailable(operation, cause))?;
        Ok(body.to_vec())
    }
}
