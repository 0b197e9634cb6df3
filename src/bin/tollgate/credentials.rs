//! Where credentials come from: whether it is there, and files that are written over in place.
//!
//! Envoy watches the directory of a credential for renames, which is how orchestrators and careful people
//! replace a file. `echo sk-… > secrets/openai` renames nothing, so `run` looks at the files' time and size and
//! makes a rename where one was missed. It never reads a file.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use tollgate::config::{Credential, Gateway};

/// The credential files of a gateway, as they were when last looked at.
pub(super) struct CredentialFiles(Vec<(PathBuf, Option<Stamp>)>);

/// What changes when a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len() })
    }
}

impl CredentialFiles {
    pub(super) fn of(gateway: &Gateway) -> Self {
        let files = gateway.credentials.values().filter_map(|credential| match credential {
            Credential::File(path) => Some((path.clone(), Stamp::of(path))),
            Credential::Env(_) | Credential::Sds { .. } => None,
        });
        Self(files.collect())
    }

    /// Tells Envoy of every file that was written since the last look.
    pub(super) fn look(&mut self) {
        for (path, last) in &mut self.0 {
            let now = Stamp::of(path);
            if now == *last {
                continue;
            }
            *last = now;
            if now.is_some() && !nudge(path) {
                eprintln!(
                    "tollgate: {} has changed, and Envoy may not have noticed: replace it by a rename",
                    path.display()
                );
            }
        }
    }
}

/// Refuses to start without a variable that Envoy is to take a credential from: it would wait for it, and it cannot
/// be set any more. A file may still come.
pub(super) fn check(gateway: &Gateway) -> Result<(), String> {
    for (name, credential) in &gateway.credentials {
        match credential {
            Credential::Env(variable) if env::var_os(variable).is_none_or(|value| value.is_empty()) => {
                return Err(format!(
                    "the environment variable {variable} is not set, and the credential {name} comes from it"
                ));
            }
            Credential::File(path) if !path.is_file() => eprintln!(
                "tollgate: {} does not exist yet, and the credential {name} comes from it",
                path.display()
            ),
            Credential::Env(_) | Credential::File(_) | Credential::Sds { .. } => {}
        }
    }
    Ok(())
}

/// Renames a file of no content in the directory, which makes Envoy read the credential again.
fn nudge(path: &Path) -> bool {
    let (before, after) = (path.with_extension("tollgate-before"), path.with_extension("tollgate-after"));
    let renamed = fs::write(&before, "").and_then(|()| fs::rename(&before, &after)).is_ok();
    // Only the rename matters.
    let _ = fs::remove_file(&after);
    renamed
}
