//! AWS event streams: however they are cut into chunks, the messages are the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::framing::eventstream::{Fault, Framer};
use tollgate_fuzz::chunked;

type Found = (Option<String>, bool, Vec<u8>);

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Found>, Result<(), Fault>) {
    let mut framer = Framer::new(1 << 12);
    let mut found = Vec::new();
    let mut end = Ok(());
    for chunk in chunks {
        end = framer.push(chunk, |message| {
            found.push((message.kind.map(str::to_owned), message.is_error, message.payload.to_vec()));
        });
    }
    (found, end)
}

fuzz_target!(|input: &[u8]| {
    let Some((text, chunks)) = chunked(input) else { return };
    assert_eq!(read(std::iter::once(text)), read(chunks.into_iter()));
});
