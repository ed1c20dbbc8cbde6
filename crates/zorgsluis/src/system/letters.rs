//! The letters of notices for the gateway, from the notifier.

use async_trait::async_trait;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::NoticeId;
use zorgsluis_gateway::{Content, Letter, Letters, ReadLetter, Section};
use zorgsluis_notifier::Notifier;
use zorgsluis_worker::ProcessError;

/// [`Letters`] over the notifier.
pub(super) struct NotifierLetters(pub(super) Notifier);

#[async_trait]
impl Letters for NotifierLetters {
    async fn letter(&self, notice: NoticeId) -> Result<Content, PortError> {
        match self.0.letter(notice).await.map_err(port)? {
            zorgsluis_notifier::Content::Withheld { patient, why } => Ok(Content::Withheld { patient, why }),
            zorgsluis_notifier::Content::Letter(read) => Ok(Content::Letter(ReadLetter {
                patient: read.patient,
                read: read.read,
                letter: read.letter.map(shown),
            })),
        }
    }

    async fn follow(&self, notice: NoticeId) -> Result<(), PortError> {
        self.0.follow(notice).await.map_err(port)
    }
}

/// What a page shows of it: not how the mail was made, for this is none.
fn shown(letter: zorgsluis_notifier::Letter) -> Letter {
    let section = |section: zorgsluis_notifier::Section| Section {
        heading: section.heading.to_owned(),
        lines: section.lines.into_iter().map(|line| (line.text, line.mark.map(str::to_owned))).collect(),
    };
    Letter {
        language: letter.language,
        title: letter.title,
        opening: letter.opening,
        sections: letter.sections.into_iter().map(section).collect(),
    }
}

fn port(error: ProcessError) -> PortError {
    match error {
        ProcessError::Port(error) => error,
        ProcessError::Refused { code, .. } => PortError::Refused { operation: "letters", reason: code },
    }
}
