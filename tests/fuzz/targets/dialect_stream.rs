//! Streams of every provider dialect: however they are cut, every client gets the same bytes, all data is JSON, and
//! the end is said.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::chat::Usage;
use tollgate::dialect::stream::{StreamOutcome, StreamTranslator};
use tollgate::dialect::translate::{Dialect, Support, support};
use tollgate::framing::json;
use tollgate_fuzz::{chunked, context, dialect};

type Got = (Vec<u8>, Option<Usage>, Option<StreamOutcome>);

fn run<'a>(provider: Dialect, client: Dialect, chunks: impl Iterator<Item = &'a [u8]>) -> Got {
    let mut translator = StreamTranslator::new(provider, client, context()).unwrap();
    let mut out = Vec::new();
    chunks.for_each(|chunk| translator.push(chunk, &mut out));
    translator.finish(&mut out);
    (out, translator.usage(), translator.outcome())
}

fuzz_target!(|input: &[u8]| {
    let Some((provider, input)) = dialect(input) else { return };
    let Some((text, chunks)) = chunked(input) else { return };
    for client in Dialect::ALL {
        if support(client, provider) != Support::Translate {
            continue;
        }
        let whole = run(provider, client, std::iter::once(text));
        assert!(whole == run(provider, client, chunks.iter().copied()));
        assert!(whole.2.is_some());
        for line in whole.0.split(|byte| *byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data: ") else { continue };
            assert!(data == b"[DONE]" || json::members(data, |_| {}).is_ok());
        }
    }
});
