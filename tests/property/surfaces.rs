//! Streams of the other dialects, metered however they are cut: at every single place, and byte by byte.

use tollgate::dialect::{Surface, Usage};
use tollgate::engine::meter::Meter;
use tollgate::observe::record::Metered;

/// Streams of the API references: Anthropic's "Streaming Messages", OpenAI's "Streaming events" of responses, Gemini's
/// `GenerateContentResponse`.
const STREAMS: [(Surface, &str); 3] = [
    (
        Surface::Messages,
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":30,\"cache_read_input_tokens\":10,\"output_tokens\":1}}}\n\n\
         event: ping\ndata: {\"type\":\"ping\"}\n\n\
         event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Größe 日本\"}}\n\n\
         event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":6}}\n\n\
         event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ),
    (
        Surface::Responses,
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n\
         event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Größe 日本\"}\n\n\
         event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":40,\"input_tokens_details\":{\"cached_tokens\":10},\"output_tokens\":6}}}\n\n",
    ),
    (
        Surface::StreamGenerateContent,
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Größe 日本\"}]}}],\"usageMetadata\":{\"promptTokenCount\":40}}\r\n\r\n\
         data: {\"candidates\":[{\"content\":{\"parts\":[]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":40,\"candidatesTokenCount\":6,\"cachedContentTokenCount\":10}}\r\n\r\n",
    ),
];

/// Meters a stream in these pieces, which pass unchanged.
fn metered<'a>(surface: Surface, pieces: impl Iterator<Item = &'a [u8]>) -> Meter {
    let mut meter = Meter::new(surface, 4, false);
    assert!(meter.expect(Some("text/event-stream")));
    let mut first_texts = 0;
    for piece in pieces {
        let relayed = meter.relay(piece, false);
        assert_eq!(relayed.replacement, None);
        first_texts += u32::from(relayed.first_text);
    }
    meter.relay(b"", true);
    assert_eq!(first_texts, 1, "{surface:?}");
    meter
}

#[test]
fn every_cut_of_a_stream_gives_the_same_usage() {
    let usage = Usage { input: 40, cached_input: 10, output: 6, ..Usage::default() };
    for (surface, stream) in STREAMS {
        let stream = stream.as_bytes();
        let cuts = (0..stream.len()).map(|at| metered(surface, [&stream[..at], &stream[at..]].into_iter()));
        for meter in cuts.chain([metered(surface, stream.chunks(1))]) {
            assert_eq!(meter.metered(), Metered::Reported(usage), "{surface:?}");
            assert!(meter.saw_end() && !meter.saw_error(), "{surface:?}");
        }
    }
}

/// A stream that breaks off is charged what the provider said of its input, and what has passed of its output.
#[test]
fn a_stream_that_breaks_off_is_charged_what_is_known() {
    for (surface, stream) in STREAMS {
        let end = stream.find("message_delta").or(stream.rfind("data: ")).unwrap();
        let meter = metered(surface, [&stream.as_bytes()[..end]].into_iter());
        let Metered::Estimated(usage) = meter.metered() else { panic!("{surface:?}: nothing was reported") };
        // Responses tell nothing before their end: four bytes of prompt are a token.
        let input = if surface == Surface::Responses { 1 } else { 40 };
        assert_eq!((usage.input, usage.output), (input, 4), "{surface:?}");
        assert!(!meter.saw_end(), "{surface:?}");
    }
}
