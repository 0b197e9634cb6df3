//! Where things are on this machine: the WebAssembly module, and Envoy.

use std::env;
use std::path::{Path, PathBuf};

const MODULE: &str = "wasm32-wasip1/release/tollgate.wasm";

/// The path from the root of the file system; the file need not exist.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The module: the one asked for, or the one that was built beside this command.
pub(super) fn module(asked: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(path) = asked {
        return absolute(path);
    }
    let beside = |executable: PathBuf| {
        let directory = executable.parent()?.to_owned();
        // Installed beside the command, or in cargo's target directory.
        [directory.join("tollgate.wasm"), directory.parent()?.join(MODULE)]
            .into_iter()
            .find(|path| path.is_file())
    };
    env::current_exe().ok().and_then(beside).ok_or_else(|| {
        "no tollgate.wasm beside this command; build it with `make wasm`, or name it with --module".to_owned()
    })
}

/// Envoy: the one asked for, the one of the project's virtual environment, or the one on the path.
pub(super) fn envoy(asked: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(path) = asked {
        return if path.is_file() {
            Ok(path.to_owned())
        } else {
            Err(format!("no Envoy at {}", path.display()))
        };
    }
    let on_path =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    on_path.into_iter().map(|directory| directory.join("envoy")).find(|path| path.is_file()).ok_or_else(
        || {
            "no Envoy on the path; name one with --envoy or TOLLGATE_ENVOY (`make envoy` installs one)"
                .to_owned()
        },
    )
}
