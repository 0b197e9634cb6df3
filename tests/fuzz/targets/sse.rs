//! Server-sent events in chunks: the raw frames are the stream, the same however it is cut, and little is held.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::framing::sse::{Extent, Frame, Framer};
use tollgate_fuzz::chunked;

/// What a frame says; the data are copied because they do not survive the frame.
#[derive(Debug, PartialEq)]
struct Seen {
    raw: Vec<u8>,
    extent: Extent,
    event: Option<String>,
    data: Option<Vec<u8>>,
}

/// Appends a frame; the pieces of one oversized event become one.
fn note(frames: &mut Vec<Seen>, frame: &Frame<'_>) {
    if frame.extent == Extent::Oversized
        && let Some(last) = frames.last_mut()
        && last.extent == Extent::Oversized
    {
        last.raw.extend_from_slice(frame.raw);
        return;
    }
    frames.push(Seen {
        raw: frame.raw.to_vec(),
        extent: frame.extent,
        event: frame.event.map(str::to_owned),
        data: frame.data().map(std::borrow::Cow::into_owned),
    });
}

fn frames(limit: usize, chunks: &[&[u8]]) -> Vec<Seen> {
    let mut framer = Framer::new(limit);
    let mut seen = Vec::new();
    let (mut fed, mut framed) = (0, 0);
    for chunk in chunks {
        framer.push(chunk, |frame| {
            framed += frame.raw.len();
            note(&mut seen, &frame);
        });
        fed += chunk.len();
        assert!(framed <= fed && fed - framed <= limit, "no more than one event is held");
    }
    framer.finish(|frame| note(&mut seen, &frame));
    seen
}

/// The data of all events, by the algorithm of the WHATWG HTML standard (9.2.6) on the whole stream; empty data
/// count here, though a browser drops them.
fn dispatched(stream: &[u8]) -> Vec<Vec<u8>> {
    let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut normal = Vec::new();
    for (at, byte) in stream.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && stream[at - 1] == b'\r' => {}
            b'\r' => normal.push(b'\n'),
            other => normal.push(*other),
        }
    }
    let mut events = Vec::new();
    let mut data: Option<Vec<u8>> = None;
    let mut lines: Vec<&[u8]> = normal.split(|byte| *byte == b'\n').collect();
    // What follows the last line end is no line yet.
    lines.pop();
    for line in lines {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            _ if line.is_empty() => {
                events.extend(data.take());
                continue;
            }
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[..0]),
        };
        if name == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => data = Some(value.to_vec()),
            }
        }
    }
    events
}

fuzz_target!(|input: &[u8]| {
    let Some((limit, input)) = input.split_first() else { return };
    let Some((text, chunks)) = chunked(input) else { return };
    // Small enough for oversized events, or larger than any input.
    let limit = if *limit < 128 { usize::from(*limit) } else { 1 << 20 };
    let whole = frames(limit, &[text]);
    assert_eq!(whole, frames(limit, &chunks));
    let raw: Vec<u8> = whole.iter().flat_map(|frame| frame.raw.iter().copied()).collect();
    assert_eq!(raw, text, "all frames in order are the stream");
    for pair in whole.windows(2) {
        let cut = pair[0].extent != Extent::Oversized
            && pair[0].raw.ends_with(b"\r")
            && pair[1].raw.starts_with(b"\n");
        assert!(!cut, "no frame ends within a line end");
    }
    if whole.iter().all(|frame| frame.extent != Extent::Oversized) {
        let data = whole
            .iter()
            .filter(|frame| frame.extent == Extent::Complete)
            .filter_map(|frame| frame.data.clone());
        assert_eq!(data.collect::<Vec<_>>(), dispatched(text));
    }
    for frame in &whole {
        assert!(!frame.raw.is_empty());
        match frame.extent {
            Extent::Complete => {
                assert!(matches!(frame.raw.last(), Some(b'\n' | b'\r')));
                assert!(frame.raw.len() <= limit);
            }
            Extent::Unterminated => assert!(frame.raw.len() <= limit),
            Extent::Oversized => assert!(frame.data.is_none() && frame.event.is_none()),
        }
    }
});
