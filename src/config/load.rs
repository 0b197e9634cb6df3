//! The way in: a file, or its text, to a [`Gateway`] or to every problem found.

use std::fs;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::compile::{Source, compile};
use super::gateway::Gateway;
use super::problem::{Kind, Problem};
use super::raw;
use super::shape::{Place, Report, Shape, read_root};
use super::yaml;

/// The largest file read: 16 MiB.
const LARGEST: u64 = 16 << 20;

/// Reads and checks the gateway.yaml at `path`. Relative paths in it become absolute, and files that it names
/// and that do not exist become warnings.
///
/// # Errors
/// Every problem found, in the order of the file; never empty.
pub fn load(path: &Path) -> Result<Gateway, Vec<Problem>> {
    let name = path.to_string_lossy();
    let text = read(path).map_err(|kind| alone(&name, kind))?;
    let absolute = std::path::absolute(path).map_err(|error| alone(&name, Kind::Unreadable(error.kind())))?;
    let directory = absolute.parent().unwrap_or(&absolute);
    check(&name, &text, directory, &|path| path.exists())
}

/// Checks the text of a gateway.yaml that problems call `name`. Relative paths in it are resolved against the
/// directory of `name`; whether files exist is not looked at.
///
/// # Errors
/// Every problem found, in the order of the file; never empty.
pub fn parse(name: &str, text: &str) -> Result<Gateway, Vec<Problem>> {
    check(name, text, Path::new(name).parent().unwrap_or(Path::new("")), &|_| true)
}

/// The JSON Schema (draft 2020-12) of a gateway.yaml. It knows everything but the rules over several keys.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = raw::Gateway::schema();
    if let serde_json::Value::Object(object) = &mut schema {
        object.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        object.insert("title".to_owned(), "gateway.yaml".into());
    }
    schema
}

fn read(path: &Path) -> Result<String, Kind> {
    let unreadable = |error: std::io::Error| Kind::Unreadable(error.kind());
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Kind::FileTooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Kind::NotUtf8)
}

/// The only problem of the file as a whole.
fn alone(name: &str, kind: Kind) -> Vec<Problem> {
    let mut errors = Report::new(name);
    errors.add_to_file(kind);
    errors.into_problems()
}

fn check(
    name: &str,
    text: &str,
    directory: &Path,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<Gateway, Vec<Problem>> {
    if text.len() as u64 > LARGEST {
        return Err(alone(name, Kind::FileTooLarge));
    }
    let mut errors = Report::new(name);
    let (tree, flaws) = yaml::read(text);
    let readable = flaws.is_empty();
    for flaw in flaws {
        errors.add(&Place { position: flaw.position, path: flaw.path }, flaw.kind);
    }
    let Some(tree) = tree.filter(|tree| !matches!(tree.value, yaml::Value::Nothing)) else {
        if readable {
            errors.add_to_file(Kind::EmptyFile);
        }
        return Err(errors.into_problems());
    };
    let revision = Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let source = Source { revision, directory, exists };
    let mut warnings = Report::new(name);
    let gateway = read_root(&tree, &mut errors).map(|raw| compile(&raw, &source, &mut errors, &mut warnings));
    match gateway {
        Some(gateway) if errors.is_empty() => Ok(Gateway { warnings: warnings.into_problems(), ..gateway }),
        _ => Err(errors.into_problems()),
    }
}
