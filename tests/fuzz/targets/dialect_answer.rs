//! Answers and errors of every provider dialect: what is read can be written for every client, as JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::dialect::translate::{Dialect, Support, support, translate_answer, translate_error};
use tollgate::framing::json;
use tollgate_fuzz::{context, dialect};

fuzz_target!(|input: &[u8]| {
    let Some((provider, body)) = dialect(input) else { return };
    for client in Dialect::ALL {
        if support(client, provider) != Support::Translate {
            continue;
        }
        if let Ok(answer) = translate_answer(provider, client, body, &context()) {
            json::members(&answer.body, |_| {}).unwrap();
        }
        let (_, error) = translate_error(provider, client, 500, body);
        json::members(&error, |_| {}).unwrap();
    }
});
