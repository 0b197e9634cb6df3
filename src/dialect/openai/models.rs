//! The list of models in OpenAI's shape (API reference, "List models" and "Retrieve model").

use crate::framing::json::write_string;

/// Writes the list.
pub fn list<'a>(names: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut out = b"{\"object\":\"list\",\"data\":[".to_vec();
    for (index, name) in names.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_model(&mut out, name);
    }
    out.extend_from_slice(b"]}");
    out
}

/// Writes one model.
#[must_use]
pub fn one(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_model(&mut out, name);
    out
}

/// A logical model has no date of its own; the SDKs want a number.
fn write_model(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b"{\"id\":");
    write_string(out, name);
    out.extend_from_slice(b",\"object\":\"model\",\"created\":0,\"owned_by\":\"tollgate\"}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_names_that_need_escaping() {
        let list: serde_json::Value = serde_json::from_slice(&list(["a\"b", "c"].into_iter())).unwrap();
        assert_eq!(list["object"], "list");
        assert_eq!(list["data"][0]["id"], "a\"b");
        assert_eq!(list["data"][1]["object"], "model");
        let one: serde_json::Value = serde_json::from_slice(&one("c")).unwrap();
        assert_eq!(one, list["data"][1]);
    }
}
