//! Server-sent events in chunks: the raw frames are the stream, the same however it is cut, and little is held.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::framing::sse::{Extent, Frame, Framer};
use tollgate_fuzz::chunked;

/// What a frame says; the data are set apart because they do not survive the frame.
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

fuzz_target!(|input: &[u8]| {
    let Some((limit, input)) = input.split_first() else { return };
    let Some((text, chunks)) = chunked(input) else { return };
    // Small enough for oversized events, or larger than any input.
    let limit = if *limit < 128 { usize::from(*limit) } else { 1 << 20 };
    let whole = frames(limit, &[text]);
    assert_eq!(whole, frames(limit, &chunks));
    let raw: Vec<u8> = whole.iter().flat_map(|frame| frame.raw.iter().copied()).collect();
    assert_eq!(raw, text, "all frames in order are the stream");
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
