use std::fs;
use std::path::Path;

use super::*;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_example_loads_without_a_warning() {
    let mut loaded = 0;
    for entry in fs::read_dir(Path::new(ROOT).join("examples")).expect("examples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let gateway = load(&path).unwrap_or_else(|problems| panic!("{problems:#?}"));
            assert_eq!(gateway.warnings, [], "{}", path.display());
            loaded += 1;
        }
    }
    assert!(loaded >= 2);
}
