//! Events of a stream in OpenAI's dialect: what is read from one is in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tollgate::dialect::answer::StreamEvent;
use tollgate::dialect::openai::answer::stream_event;
use tollgate_fuzz::LONGEST;

fuzz_target!(|data: &[u8]| {
    if data.len() > LONGEST {
        return;
    }
    let event = stream_event(data);
    assert!(event.text_bytes <= data.len());
    assert_eq!(event.last, data == b"[DONE]");
    if event.only_usage {
        assert!(event.usage.is_some() && event.text_bytes == 0, "an event with text is never hidden");
    }
    let Ok(reference) = serde_json::from_slice::<Value>(data) else { return };
    if !reference.is_object() {
        assert_eq!(event, StreamEvent::default());
    }
    if let (true, Some(choices)) = (event.only_usage, reference["choices"].as_array()) {
        assert!(choices.is_empty(), "an event with a choice is never hidden");
    }
    // Of a repeated member, the reference keeps only the last.
    let mentions = |name: &str| reference.get(name).is_some();
    assert!(event.usage.is_none() || mentions("usage"));
    assert!(!event.error || mentions("error"));
    assert!(event.text_bytes == 0 || mentions("choices"));
});
