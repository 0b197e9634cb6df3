//! Calls that wait for a place where a concurrency is full.

use crate::setting::BUSY_KEY;
use crate::stories::ask;
use crate::story::Story;

/// A call that has come while another has the only place.
fn waiting(title: &str) -> (Story, impl FnOnce(&Story) + use<>) {
    let mut story = Story::new(title);
    let taken = story.take_place();
    ask(&mut story, BUSY_KEY, "");
    assert!(!story.is_forwarded() && !story.is_queue_empty());
    (story, move |story: &Story| story.free_place(taken))
}

pub(crate) fn turn() -> String {
    let (mut story, free) = waiting("A call waits for a place, and goes on when its turn comes.");
    story.wait(25);
    story.timer();
    assert!(!story.is_forwarded(), "there is no room yet");
    story.wait(25);
    free(&story);
    story.timer();
    assert!(story.is_forwarded() && story.is_queue_empty());
    assert!(story.attempt("first/model-1"));
    let answer = br#"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#;
    story.answer(&[(":status", "200"), ("content-type", "application/json")], &[answer], true);
    story.done()
}

pub(crate) fn in_vain() -> String {
    let (mut story, _taken) = waiting("A call waits for a place for as long as it may, and is refused.");
    story.wait(4999);
    story.timer();
    assert!(!story.is_queue_empty());
    story.wait(1);
    story.timer();
    assert!(!story.is_forwarded() && story.is_queue_empty());
    story.done()
}

pub(crate) fn client_gone() -> String {
    let (story, _taken) = waiting("The client hangs up while its call waits, and waits no more.");
    story.wait(100);
    story.hang_up();
    let queue = story.queue();
    let told = story.done();
    assert!(queue.is_empty());
    told
}

pub(crate) fn host_fails() -> String {
    let (mut story, free) = waiting("The host cannot let a call go on that has waited: it is refused.");
    free(&story);
    story.refuse(&["resume"]);
    story.timer();
    assert!(!story.is_forwarded() && story.is_queue_empty());
    story.done()
}
