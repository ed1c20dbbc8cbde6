//! `zorgsluis deidentify`: notes with what tells who they are about masked.

use zorgsluis_clinical_text::deidentify::deidentify;

use crate::cli::DeidentifyArgs;
use crate::failure::Failure;
use crate::notes;
use crate::terminal::{out, out_part};

/// Runs the command.
pub(crate) fn run(args: &DeidentifyArgs) -> Result<(), Failure> {
    let (notes, trouble) = notes::read(&args.files);
    let several = notes.len() > 1 || args.files.len() > 1;
    for (index, note) in notes.iter().enumerate() {
        if several {
            let blank = if index > 0 { "\n" } else { "" };
            out!("{blank}==> {} <==", note.name());
        }
        let masked = deidentify(&note.text, &note.known);
        out_part!("{}{}", masked.text(), if masked.text().ends_with('\n') { "" } else { "\n" });
    }
    crate::analyse::finish(&trouble)
}
