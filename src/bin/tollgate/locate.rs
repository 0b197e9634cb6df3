//! Where things are on this machine: the WebAssembly module, and Envoy.

use std::env;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// Where the module is, seen from the directory of this command: beside it, where `make install` puts it, and in the
/// target directory of cargo.
const MODULES: &[&str] =
    &["tollgate.wasm", "../share/tollgate/tollgate.wasm", "../wasm32-wasip1/release/tollgate.wasm"];

/// Where Envoy is: beside this command, where `make install` puts it, and in the virtual environment of the project
/// that this command was built in.
const ENVOYS: &[&str] = &["envoy", "../lib/tollgate/envoy", "../../.venv/envoy"];

/// The path from the root of the file system; the file need not exist.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The module: the one asked for, which need not exist, or the one that was installed or built with this command.
pub(super) fn module(asked: Option<&Path>) -> Result<PathBuf, String> {
    match asked {
        Some(path) => absolute(path),
        None => with_this_command(MODULES).ok_or_else(|| {
            "no tollgate.wasm was installed or built with this command; build it with `make wasm`, or name it with \
             --module or TOLLGATE_MODULE"
                .to_owned()
        }),
    }
}

/// Envoy: the one asked for, the one that was installed or built with this command, or the one on the path.
pub(super) fn envoy(asked: Option<&Path>) -> Result<PathBuf, String> {
    match asked {
        Some(path) if path.is_file() => Ok(path.to_owned()),
        Some(path) => Err(format!("no Envoy at {}", path.display())),
        None => with_this_command(ENVOYS)
            .or_else(|| on_path("envoy", &env::var_os("PATH").unwrap_or_default()))
            .ok_or_else(|| {
                "no Envoy was installed with this command, and none is on the path; `make install` installs one, or \
                 name one with --envoy or TOLLGATE_ENVOY"
                    .to_owned()
            }),
    }
}

fn with_this_command(places: &[&str]) -> Option<PathBuf> {
    first_file(env::current_exe().ok()?.parent()?, places)
}

/// The first of the `places`, as seen from a directory, where there is a file. `..` is resolved by name.
fn first_file(directory: &Path, places: &[&str]) -> Option<PathBuf> {
    let seen = |place: &&str| {
        let mut path = directory.to_owned();
        for part in Path::new(place).components() {
            match part {
                Component::ParentDir => path.pop().then_some(())?,
                other => path.push(other),
            }
        }
        path.is_file().then_some(path)
    };
    places.iter().find_map(seen)
}

fn on_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    env::split_paths(path).map(|directory| directory.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::{fs, process};

    use super::*;

    /// A directory with these empty files, removed at the end of the test.
    struct Files(PathBuf);

    impl Files {
        fn new(test: &str, files: &[&str]) -> Self {
            let root = env::temp_dir().join(format!("tollgate-locate-{test}-{}", process::id()));
            for file in files {
                let path = root.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            Self(root)
        }

        fn found(&self, directory: &str, places: &[&str]) -> Option<String> {
            let found = first_file(&self.0.join(directory), places)?;
            Some(found.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned())
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn what_make_install_installed_is_found() {
        let files = [
            "usr/local/bin/tollgate",
            "usr/local/share/tollgate/tollgate.wasm",
            "usr/local/lib/tollgate/envoy",
            // Of another command.
            "usr/share/tollgate/tollgate.wasm",
        ];
        let files = Files::new("installed", &files);
        let found = |places| files.found("usr/local/bin", places);
        assert_eq!(found(MODULES).as_deref(), Some("usr/local/share/tollgate/tollgate.wasm"));
        assert_eq!(found(ENVOYS).as_deref(), Some("usr/local/lib/tollgate/envoy"));
    }

    #[test]
    fn what_was_built_in_the_project_is_found() {
        let files = ["target/native/tollgate", "target/wasm32-wasip1/release/tollgate.wasm", ".venv/envoy"];
        let files = Files::new("built", &files);
        for profile in ["target/native", "target/debug"] {
            let module = files.found(profile, MODULES);
            assert_eq!(module.as_deref(), Some("target/wasm32-wasip1/release/tollgate.wasm"));
            assert_eq!(files.found(profile, ENVOYS).as_deref(), Some(".venv/envoy"));
        }
    }

    /// As an archive is unpacked, or an image is made: all in one directory.
    #[test]
    fn what_lies_beside_the_command_comes_first() {
        let files = ["opt/tollgate.wasm", "opt/envoy", "share/tollgate/tollgate.wasm", "lib/tollgate/envoy"];
        let files = Files::new("beside", &files);
        assert_eq!(files.found("opt", MODULES).as_deref(), Some("opt/tollgate.wasm"));
        assert_eq!(files.found("opt", ENVOYS).as_deref(), Some("opt/envoy"));
        assert_eq!(files.found("bin", MODULES).as_deref(), Some("share/tollgate/tollgate.wasm"));
        assert_eq!(files.found("opt/tollgate/bin", MODULES), None);
        assert_eq!(first_file(Path::new("/"), ENVOYS), None);
    }

    /// A directory of the name is no Envoy.
    #[test]
    fn the_path_is_searched_in_its_order() {
        let files = Files::new("path", &["one/envoy/README", "two/envoy", "three/envoy"]);
        let path = env::join_paths(["one", "two", "three"].map(|name| files.0.join(name))).unwrap();
        assert_eq!(on_path("envoy", &path), Some(files.0.join("two/envoy")));
        assert_eq!(on_path("envoy", OsStr::new("")), None);
    }

    #[test]
    fn what_is_asked_for_is_taken_or_refused() {
        let files = Files::new("asked", &["envoy"]);
        let (there, missing) = (files.0.join("envoy"), files.0.join("missing"));
        assert_eq!(envoy(Some(&there)), Ok(there));
        assert_eq!(envoy(Some(&missing)), Err(format!("no Envoy at {}", missing.display())));
        // It may be rendered for another machine.
        assert_eq!(module(Some(&missing)), Ok(missing));
    }
}
