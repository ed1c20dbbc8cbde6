//! A ZIP file, written from the beginning to the end: the same bytes for the same content.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use aws_lc_rs::digest::{Context, SHA256};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use crate::failure::Failure;

/// The archive as far as it is written.
pub(super) struct Pack {
    zip: ZipWriter<BufWriter<File>>,
    /// Of each file: name, bytes, SHA-256.
    sums: Vec<(String, u64, String)>,
    open: Option<(String, u64, Context)>,
}

impl Pack {
    pub(super) fn new(file: File) -> Self {
        Self { zip: ZipWriter::new(BufWriter::new(file)), sums: Vec::new(), open: None }
    }

    /// A file with this content.
    pub(super) fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.begin(name)?;
        self.write(bytes)?;
        self.end();
        Ok(())
    }

    /// A file whose lines follow.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), Failure> {
        // No time and no rights of this machine, so that the bytes depend on the content alone.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(true);
        self.zip.start_file(name, options).map_err(Failure::wrong)?;
        self.open = Some((name.to_owned(), 0, Context::new(&SHA256)));
        Ok(())
    }

    /// A line of the file that was begun.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.write(line.as_bytes())?;
        self.write(b"\n")
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if let Some((_, written, context)) = &mut self.open {
            *written = written.saturating_add(bytes.len() as u64);
            context.update(bytes);
        }
        self.zip.write_all(bytes).map_err(Failure::wrong)
    }

    /// The file that was begun is whole.
    pub(super) fn end(&mut self) {
        if let Some((name, bytes, context)) = self.open.take() {
            let sum = context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            self.sums.push((name, bytes, sum));
        }
    }

    /// Of each file so far: name, bytes, SHA-256.
    pub(super) fn sums(&self) -> &[(String, u64, String)] {
        &self.sums
    }

    /// Adds the sums of all files, as `sha256sum` writes them, and makes the archive durable.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let sums: String = self.sums.iter().map(|(name, _, sum)| format!("{sum}  {name}\n")).collect();
        self.file("SHA256SUMS", sums.as_bytes())?;
        let file = self.zip.finish().map_err(Failure::wrong)?.into_inner().map_err(Failure::wrong)?;
        file.sync_all().map_err(Failure::wrong)
    }
}
