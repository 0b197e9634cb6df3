//! What `with.rs` is without redaction: reading a text, and JSON, which the filter needs anyway.

fn main() {
    let text = std::fs::read_to_string("/corpus/dense.txt").unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    println!("{} bytes, {value}", text.len());
}
