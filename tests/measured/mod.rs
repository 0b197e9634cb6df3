//! Tables of what was measured, in the reference pages: compared with what is measured now, and written anew with
//! `UPDATE_GOLDEN=1`. A table stands between two comments that name it. Of what it holds nothing is known here.

use std::fs;
use std::path::Path;

/// Compares the table of this name in a page of `docs` with the lines that the test has just measured.
pub(crate) fn compare(page: &str, name: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(&path).unwrap();
    let (start, end) = (format!("<!-- measured: {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let (before, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{page} has no table {name}"));
    let (written, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{page}: {name} has no end"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, [before, &start, table, &end, after].concat()).unwrap();
        return;
    }
    assert!(
        written == table,
        "docs/{page} does not say what was measured; UPDATE_GOLDEN=1 writes it anew:\n{table}"
    );
}
