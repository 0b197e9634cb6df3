//! Writing server-sent events (WHATWG HTML, §9.2).

/// Writes an event without a name; `data` has no line ends.
pub(super) fn data(out: &mut Vec<u8>, data: &[u8]) {
    for piece in [b"data: ", data, b"\n\n"] {
        out.extend_from_slice(piece);
    }
}

/// Writes an event with a name; `data` has no line ends.
pub(super) fn event(out: &mut Vec<u8>, name: &str, payload: &[u8]) {
    for piece in [b"event: ", name.as_bytes(), b"\n"] {
        out.extend_from_slice(piece);
    }
    data(out, payload);
}

/// Writes a comment, which clients ignore and connections are kept alive by.
pub(super) fn comment(out: &mut Vec<u8>) {
    out.extend_from_slice(b": ping\n\n");
}
