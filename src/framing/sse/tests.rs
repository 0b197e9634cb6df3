//! The expected events come from the examples of the WHATWG standard (§9.2.6), from the streams in the OpenAI and
//! Anthropic API references, and from a literal transcription of the standard's algorithm below.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

const LIMIT: usize = 1024 * 1024;

const OPENAI_CHAT: &str = "data: {\"id\":\"chatcmpl-123\",\"object\":\"chat.completion.chunk\",\"created\":1694268190,\
\"model\":\"gpt-4o-mini\",\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,\"delta\":\
{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n\
data: {\"id\":\"chatcmpl-123\",\"object\":\"chat.completion.chunk\",\"created\":1694268190,\"model\":\"gpt-4o-mini\",\
\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\
\"logprobs\":null,\"finish_reason\":null}]}\n\n\
data: [DONE]\n\n";

const ANTHROPIC_MESSAGES: &str = "event: message_start\n\
data: {\"type\": \"message_start\", \"message\": {\"id\": \"msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY\", \
\"type\": \"message\", \"role\": \"assistant\", \"content\": [], \"usage\": {\"input_tokens\": 25, \
\"output_tokens\": 1}}}\n\n\
event: ping\n\
data: {\"type\": \"ping\"}\n\n\
event: content_block_delta\n\
data: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": \"text_delta\", \"text\": \"Hello\"}}\n\n\
event: message_stop\n\
data: {\"type\": \"message_stop\"}\n\n";

/// A frame that outlives its stream; neighbouring pieces of oversized events are one.
#[derive(Clone, Debug, PartialEq)]
struct Owned {
    raw: Vec<u8>,
    extent: Extent,
    event: Option<String>,
    data: Option<Vec<u8>>,
}

fn frames(bytes: &[u8], cuts: &[usize], limit: usize) -> Vec<Owned> {
    let mut framer = Framer::new(limit);
    let mut frames: Vec<Owned> = Vec::new();
    let mut each = |frame: Frame<'_>| {
        if let Some(last) = frames.last_mut()
            && (last.extent, frame.extent) == (Extent::Oversized, Extent::Oversized)
        {
            last.raw.extend_from_slice(frame.raw);
            return;
        }
        frames.push(Owned {
            raw: frame.raw.to_vec(),
            extent: frame.extent,
            event: frame.event.map(str::to_owned),
            data: frame.data().map(Cow::into_owned),
        });
    };
    let mut start = 0;
    for end in cuts.iter().copied().chain([bytes.len()]) {
        framer.push(&bytes[start..end], &mut each);
        start = end;
    }
    framer.finish(&mut each);
    frames
}

/// Cutting `bytes` at `cuts` (ascending) changes no frame, and the frames together are `bytes`.
fn check(bytes: &[u8], cuts: &[usize], limit: usize) {
    let whole = frames(bytes, &[], limit);
    let joined: Vec<u8> = whole.iter().flat_map(|frame| frame.raw.clone()).collect();
    assert_eq!(joined, bytes);
    assert_eq!(frames(bytes, cuts, limit), whole, "cut at {cuts:?}");
}

/// The events that a client dispatches: type and data.
fn dispatched(frames: &[Owned]) -> Vec<(String, String)> {
    let complete = frames.iter().filter(|frame| frame.extent == Extent::Complete);
    complete
        .filter_map(|frame| {
            let data = String::from_utf8(frame.data.clone()?).expect("UTF-8");
            Some((frame.event.clone().unwrap_or("message".to_owned()), data))
        })
        .collect()
}

/// The algorithm of the standard, §9.2.6, step by step over the whole stream.
fn standard(stream: &str) -> Vec<(String, String)> {
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream);
    let lines = stream.replace("\r\n", "\n").replace('\r', "\n");
    // What follows the last line end is an incomplete line, and the end of the stream discards it.
    let lines = lines.rsplit_once('\n').map_or("", |(lines, _)| lines).split('\n');
    let mut dispatched = Vec::new();
    let (mut event, mut data) = (String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            if !data.is_empty() {
                data.pop();
                let name = if event.is_empty() { "message".to_owned() } else { event.clone() };
                dispatched.push((name, data.clone()));
            }
            event.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event = value.to_owned(),
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            _ => {}
        }
    }
    dispatched
}

fn assert_dispatches(stream: &str, expected: &[(&str, &str)]) {
    let expected: Vec<_> =
        expected.iter().map(|(event, data)| (event.to_string(), data.to_string())).collect();
    assert_eq!(dispatched(&frames(stream.as_bytes(), &[], LIMIT)), expected, "{stream:?}");
    assert_eq!(standard(stream), expected, "{stream:?}");
}

fn corpus() -> Vec<String> {
    vec![
        OPENAI_CHAT.to_owned(),
        ANTHROPIC_MESSAGES.to_owned(),
        ANTHROPIC_MESSAGES.replace('\n', "\r\n"),
        ANTHROPIC_MESSAGES.replace('\n', "\r"),
        "data: 你好，世界\n\nevent: 事件\ndata: 👋🏽 naïve\r\n\r\n\u{feff}data: x\n\n".to_owned(),
        "\u{feff}data: first\n\n: keep-alive\n\n\n\r\n\rdata: a\r\ndata\rdata:  b\n\r\ndata: [DONE]"
            .to_owned(),
        "data: a\r\r\n\ndata: b\n\r\r\ndata: c\r\n\r".to_owned(),
    ]
}

#[test]
fn examples_of_the_standard_dispatch_what_it_says() {
    assert_dispatches("data: YHOO\ndata: +2\ndata: 10\n\n", &[("message", "YHOO\n+2\n10")]);
    // The last event lacks its blank line, and the third has an empty id.
    assert_dispatches(
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
        &[("message", "first event"), ("message", "second event")],
    );
    assert_dispatches("data\n\ndata\ndata\n\ndata:", &[("message", ""), ("message", "\n")]);
    assert_dispatches("data:test\n\ndata: test\n\n", &[("message", "test"), ("message", "test")]);
    assert_dispatches(
        "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n",
        &[("add", "73857293"), ("remove", "2153"), ("add", "113411")],
    );
}

#[test]
fn provider_streams_keep_event_names_and_data() {
    let frames = frames(ANTHROPIC_MESSAGES.as_bytes(), &[], LIMIT);
    let names: Vec<_> = frames.iter().map(|frame| frame.event.as_deref()).collect();
    assert_eq!(
        names,
        [Some("message_start"), Some("ping"), Some("content_block_delta"), Some("message_stop")]
    );
    assert_eq!(frames[1].data.as_deref(), Some(&br#"{"type": "ping"}"#[..]));
    assert_eq!(frames[1].raw, b"event: ping\ndata: {\"type\": \"ping\"}\n\n");

    assert_eq!(dispatched(&self::frames(OPENAI_CHAT.as_bytes(), &[], LIMIT))[2].1, "[DONE]");
}

#[test]
fn raw_bytes_hold_comments_line_ends_and_the_blank_line() {
    let raw = |stream: &str| -> Vec<String> {
        let frames = frames(stream.as_bytes(), &[], LIMIT);
        frames.into_iter().map(|frame| String::from_utf8(frame.raw).expect("UTF-8")).collect()
    };
    assert_eq!(raw(": hello\ndata: a\n\ndata: b\n\n"), [": hello\ndata: a\n\n", "data: b\n\n"]);
    assert_eq!(raw("data: a\r\n\r\ndata: b\r\n\r\n"), ["data: a\r\n\r\n", "data: b\r\n\r\n"]);
    assert_eq!(raw("data: a\r\rdata: b\r\r"), ["data: a\r\r", "data: b\r\r"]);
    assert_eq!(raw("\n\r\n: keep-alive\n\n"), ["\n", "\r\n", ": keep-alive\n\n"]);
}

#[test]
fn a_tail_without_blank_line_is_marked_and_shows_its_data() {
    for (tail, data) in
        [("data: [DONE]", "[DONE]"), ("data: [DONE]\n", "[DONE]"), ("data: a\r\ndata: b", "a\nb")]
    {
        let frames = frames(format!("data: x\n\n{tail}").as_bytes(), &[3], LIMIT);
        assert_eq!(frames[1].extent, Extent::Unterminated);
        assert_eq!(frames[1].raw, tail.as_bytes());
        assert_eq!(frames[1].data.as_deref(), Some(data.as_bytes()));
    }
    let complete = frames(b"data: x\r\n\r", &[], LIMIT);
    assert_eq!((complete.len(), complete[0].extent), (1, Extent::Complete));
    assert_eq!(frames(b"", &[], LIMIT), []);
}

#[test]
fn keep_alives_have_no_data() {
    let frames = frames(b": ping\n\n\nevent: ping\nid: 7\nretry: 10\n\n", &[], LIMIT);
    assert_eq!(frames.len(), 3);
    assert!(frames.iter().all(|frame| frame.data.is_none() && frame.extent == Extent::Complete));
    assert_eq!(frames[2].event.as_deref(), Some("ping"));
}

#[test]
fn a_byte_order_mark_counts_at_the_start_of_the_stream_only() {
    let frames = frames("\u{feff}data: a\n\n\u{feff}data: b\n\n".as_bytes(), &[1], LIMIT);
    assert_eq!(frames[0].data.as_deref(), Some(&b"a"[..]));
    assert_eq!(frames[1].data, None);
}

#[test]
fn one_line_of_data_in_one_chunk_is_not_copied() {
    let chunk = b"event: delta\ndata: {}\n\n";
    let mut seen = 0;
    Framer::new(LIMIT).push(chunk, |frame| {
        seen += 1;
        assert_eq!(frame.raw.as_ptr(), chunk.as_ptr());
        assert!(matches!(frame.data(), Some(Cow::Borrowed(b"{}"))));
    });
    assert_eq!(seen, 1);
}

#[test]
fn an_event_over_the_limit_passes_through_and_framing_resumes() {
    let long = format!("data: {}\n\n", "x".repeat(60));
    let stream = format!("data: a\n\n{long}data: b\n\n");
    for width in [1, 7, 64, stream.len()] {
        let cuts: Vec<usize> = (width..stream.len()).step_by(width).collect();
        let frames = frames(stream.as_bytes(), &cuts, 50);
        let extents: Vec<_> = frames.iter().map(|frame| frame.extent).collect();
        assert_eq!(extents, [Extent::Complete, Extent::Oversized, Extent::Complete]);
        assert_eq!(frames[1].raw, long.as_bytes());
        assert_eq!(frames[1].data, None);
        assert_eq!(frames[2].data.as_deref(), Some(&b"b"[..]));
    }
}

#[test]
fn an_event_of_exactly_the_limit_is_framed() {
    let stream = b"data: 1234\r\n\r\n";
    for cuts in [&[][..], &[13], &[12, 13]] {
        assert_eq!(frames(stream, cuts, stream.len())[0].extent, Extent::Complete);
        assert_eq!(frames(stream, cuts, stream.len() - 1)[0].extent, Extent::Oversized);
    }
}

#[test]
fn no_more_than_the_limit_is_held() {
    let mut framer = Framer::new(100);
    for _ in 0..1000 {
        framer.push(b"data: without end ", |_| {});
        assert!(framer.carry.len() <= 100);
    }
}

#[test]
fn a_long_event_in_single_bytes_takes_linear_time() {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut stream = b"data: ".to_vec();
        stream.resize(LIMIT - 2, b'x');
        stream.extend_from_slice(b"\n\n");
        let mut framer = Framer::new(LIMIT);
        let mut lengths = Vec::new();
        for byte in &stream {
            framer.push(std::slice::from_ref(byte), |frame| lengths.push(frame.raw.len()));
        }
        sender.send(lengths)
    });
    // Linear takes milliseconds; a rescan of the held bytes at each push would read half a terabyte.
    assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok(vec![LIMIT]));
}

#[test]
fn every_cut_of_the_corpus_gives_the_same_frames() {
    for stream in corpus() {
        let bytes = stream.as_bytes();
        for cut in 0..=bytes.len() {
            check(bytes, &[cut], LIMIT);
        }
        check(bytes, &(1..bytes.len()).collect::<Vec<_>>(), LIMIT);
        assert_eq!(dispatched(&frames(bytes, &[], LIMIT)), standard(&stream));
    }
}

/// Streams made of the tokens that matter, in any order.
fn any_stream() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "data",
        "event",
        "id",
        "retry",
        ":",
        ": ",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\r\n\r\n",
        "x",
        "{}",
        "世",
        "🦀",
        "\u{feff}",
        "data: a\n",
        "event: b\r\n",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

fn cuts_of(fractions: Vec<prop::sample::Index>, length: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = fractions.iter().map(|fraction| fraction.index(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}

proptest! {
    #[test]
    fn any_cuts_of_any_stream_give_the_same_frames(
        stream in any_stream(),
        fractions in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        limit in prop::sample::select(vec![0, 1, 5, 12, 30, LIMIT]),
    ) {
        check(stream.as_bytes(), &cuts_of(fractions, stream.len()), limit);
    }

    #[test]
    fn any_bytes_are_passed_on(
        bytes in prop::collection::vec(prop::sample::select(b"\r\n: datevn\xff\xef\xbb\xbf".to_vec()), 0..80),
        fractions in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        check(&bytes, &cuts_of(fractions, bytes.len()), LIMIT);
    }

    #[test]
    fn any_stream_dispatches_what_the_standard_says(stream in any_stream()) {
        prop_assert_eq!(dispatched(&frames(stream.as_bytes(), &[], LIMIT)), standard(&stream));
    }
}
