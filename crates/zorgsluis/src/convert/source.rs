//! Where messages come from: files, folders, standard input, Lambda events.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    name: String,
    path: Option<PathBuf>,
}

impl Source {
    /// As the user named it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_json(&self) -> bool {
        self.path.as_deref().and_then(Path::extension).is_some_and(|extension| extension == "json")
    }

    pub(crate) fn read(&self) -> Result<Vec<u8>, String> {
        match &self.path {
            Some(path) => std::fs::read(path).map_err(|error| error.to_string()),
            None => {
                let mut bytes = Vec::new();
                std::io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
                Ok(bytes)
            }
        }
    }
}

/// The inputs in order, folders replaced by the `.hl7` files below them in the order of their names,
/// and what cannot be looked at.
pub(crate) fn find(inputs: &[PathBuf]) -> (Vec<Source>, Vec<String>) {
    let mut found = Vec::new();
    let mut trouble = Vec::new();
    for input in inputs {
        if input == Path::new("-") {
            found.push(Source { name: String::from("-"), path: None });
        } else if input.is_dir() {
            let before = found.len();
            walk(input, &mut found, &mut trouble);
            if found.len() == before {
                trouble.push(format!("{}: no .hl7 file in this folder", input.display()));
            }
        } else {
            found.push(Source { name: input.display().to_string(), path: Some(input.clone()) });
        }
    }
    (found, trouble)
}

/// Files in the order of the numbers with which their names begin, as people count: `9-` before `10-`. Names
/// without one come behind.
pub(crate) fn by_number(path: &Path) -> (u64, PathBuf) {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    (name.get(..digits).and_then(|number| number.parse().ok()).unwrap_or(u64::MAX), path.to_owned())
}

fn walk(folder: &Path, found: &mut Vec<Source>, trouble: &mut Vec<String>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            trouble.push(format!("{}: {error}", folder.display()));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort_by_cached_key(|path| by_number(path));
    for path in paths {
        // A link to a folder could lead in a circle.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found, trouble);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("hl7")) {
            found.push(Source { name: path.display().to_string(), path: Some(path) });
        }
    }
}

/// The messages that a Lambda event carries: `Records[].body` of SQS, or the body of an API Gateway
/// request. `None` when it is neither.
pub(crate) fn bodies(json: &[u8]) -> Option<Vec<Vec<u8>>> {
    let event: serde_json::Value = serde_json::from_slice(json).ok()?;
    if let Some(records) = event.get("Records").and_then(serde_json::Value::as_array) {
        let bodies = records.iter().filter_map(|record| record.get("body")?.as_str());
        return Some(bodies.map(|body| body.as_bytes().to_vec()).collect());
    }
    let body = event.get("body")?.as_str()?;
    let encoded = event.get("isBase64Encoded").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let bytes = if encoded {
        base64::engine::general_purpose::STANDARD.decode(body).ok()?
    } else {
        body.as_bytes().to_vec()
    };
    Some(vec![bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lambda_event_gives_its_bodies() {
        let sqs = br#"{"Records":[{"body":"MSH|a"},{"body":"MSH|b"}]}"#;
        assert_eq!(bodies(sqs).unwrap(), [b"MSH|a", b"MSH|b"]);
        let api = br#"{"body":"TVNIfGE=","isBase64Encoded":true}"#;
        assert_eq!(bodies(api).unwrap(), [b"MSH|a"]);
        assert_eq!(bodies(b"{}"), None);
        assert_eq!(bodies(b"no JSON"), None);
    }
}
