//! The way back of a story: what providers and Envoy answer, through the adapter and the policy to the client.

use tollgate::engine::Headers;
use tollgate::engine::effect::Flow;
use tollgate::engine::fields::{PRIVATE_RESPONSE_HEADERS, SERVED_BY};

use super::Story;
use crate::host::{Message, World, shown, without};

impl Story {
    /// A provider answers; `ends` says whether it gets to the end.
    pub(crate) fn answer(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], ends: bool) {
        let mut chunks: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        let headers = self.through_the_adapter(fields.iter().copied().collect(), &mut chunks, ends);
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        self.world.borrow_mut().upstream_answered = true;
        self.respond(headers, "", &chunks, ends);
    }

    /// A provider answers, and ends with trailers: no piece of the body is the last.
    pub(crate) fn answer_with_trailers(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]]) {
        self.world.borrow_mut().upstream_answered = true;
        self.respond(fields.iter().copied().collect(), "", chunks, false);
        if self.world.borrow().reply.is_none() {
            self.line("> policy: response trailers");
            self.world.borrow_mut().trailers = true;
            let flow = self.policy.response_trailers();
            if self.world.borrow().reply.is_some() {
                self.deliver_past_the_filters();
            } else if self.flow(flow) == Flow::Continue && self.received.is_empty() {
                self.deliver();
            }
        }
    }

    /// A provider begins to answer and says no more until its time is over, which is so long.
    fn falls_silent(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], milliseconds: u64) -> Headers {
        let mut adapter = self.adapter.take().expect("a provider was called");
        self.line("> adapter: response headers");
        let headers: Headers = fields.iter().copied().collect();
        self.world.borrow_mut().fields(&headers, true);
        self.world.borrow_mut().response = Message { headers, body: Vec::new() };
        let flow = adapter.response_headers(false);
        assert_eq!(self.flow(flow), Flow::Pause);
        for chunk in chunks {
            self.line(&format!("> adapter: response body {}", shown(chunk)));
            self.world.borrow_mut().response.body.extend_from_slice(chunk);
            let buffered = self.world.borrow().response.body.len();
            let flow = adapter.response_body(buffered, false);
            assert_eq!(self.flow(flow), Flow::Pause);
        }
        assert!(adapter.due() > Some(self.now()));
        self.wait(milliseconds);
        assert_eq!(adapter.due(), Some(self.now()));
        self.line("> the timer");
        adapter.overdue();
        assert!(std::mem::take(&mut self.world.borrow_mut().resumed));
        self.world.borrow().response.headers.clone()
    }

    /// That, and there is another attempt.
    pub(crate) fn overdue(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], milliseconds: u64) {
        self.falls_silent(fields, chunks, milliseconds);
        self.line("= Envoy tries again");
    }

    /// That, and there is no other attempt: nothing follows the headers.
    pub(crate) fn overdue_at_last(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], milliseconds: u64) {
        let headers = self.falls_silent(fields, chunks, milliseconds);
        let headers = self.routed(&self.world.borrow(), &headers);
        self.line("> policy: response headers");
        self.world.borrow_mut().fields(&headers, true);
        self.world.borrow_mut().response = Message { headers, body: Vec::new() };
        self.world.borrow_mut().upstream_answered = true;
        let flow = self.policy.response_headers(false);
        assert_eq!(self.flow(flow), Flow::Pause);
        self.deliver_past_the_filters();
    }

    /// A reply in the place of an answer whose headers have come: Envoy sends it to the client at once.
    pub(crate) fn deliver_past_the_filters(&mut self) {
        let reply = self.world.borrow().reply.clone().unwrap();
        let mut headers = Headers::default();
        headers.push(":status", reply.status.to_string());
        reply.headers.iter().for_each(|(name, value)| headers.push(*name, value.as_str()));
        self.world.borrow_mut().response = Message { headers, body: reply.body };
        self.deliver();
    }

    /// A provider answers in a way that makes Envoy try again.
    pub(crate) fn retried(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]]) {
        let mut chunks = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        self.through_the_adapter(fields.iter().copied().collect(), &mut chunks, true);
        self.line("= Envoy tries again");
    }

    /// What the adapter of the latest attempt makes of an answer; one that passes as it is, is not told of.
    fn through_the_adapter(&mut self, headers: Headers, chunks: &mut Vec<Vec<u8>>, ends: bool) -> Headers {
        let Some(mut adapter) = self.adapter.take() else { return headers };
        let before = self.world.borrow().transcript.len();
        {
            let mut world = self.world.borrow_mut();
            world.upstream = true;
            world.line("> adapter: response headers");
            world.fields(&headers, true);
            world.response.headers = headers;
            world.response.body.clear();
        }
        let sent = self.world.borrow().response.headers.clone();
        let mut flow = adapter.response_headers(chunks.is_empty());
        self.flow(flow);
        let mut out = Vec::new();
        for (index, chunk) in chunks.iter().enumerate() {
            let end = ends && index + 1 == chunks.len();
            self.line(&format!(
                "> adapter: response body{} {}",
                if end { ", the last," } else { "" },
                shown(chunk)
            ));
            let buffered = {
                let mut world = self.world.borrow_mut();
                // As in Envoy: what was held back is there with what comes.
                world.response.body.extend_from_slice(chunk);
                world.response.body.len()
            };
            flow = adapter.response_body(buffered, end);
            self.flow(flow);
            if flow == Flow::Continue {
                out.push(std::mem::take(&mut self.world.borrow_mut().response.body));
            }
        }
        let mut world = self.world.borrow_mut();
        world.upstream = false;
        // An answer in the client's dialect passes as it is, and there is nothing to tell.
        if world.response.headers == sent && out.concat() == chunks.concat() {
            world.transcript.truncate(before);
        }
        *chunks = out;
        world.response.headers.clone()
    }

    /// Envoy answers by itself.
    pub(crate) fn envoy_answers(&mut self, status: &str, text: &str) {
        self.world.borrow_mut().upstream_answered = false;
        let length = text.len().to_string();
        let fields =
            [(":status", status), ("content-length", length.as_str()), ("content-type", "text/plain")];
        self.respond(fields.into_iter().collect(), " (Envoy's own)", &[text.as_bytes()], true);
    }

    pub(super) fn deliver_reply(&mut self) {
        let reply = self.world.borrow().reply.clone().unwrap();
        self.world.borrow_mut().upstream_answered = false;
        let mut headers = Headers::default();
        headers.push(":status", reply.status.to_string());
        headers.push("content-length", reply.body.len().to_string());
        reply.headers.iter().for_each(|(name, value)| headers.push(*name, value.as_str()));
        self.respond(headers, " (that reply)", &[&reply.body], true);
    }

    fn respond(&mut self, headers: Headers, whose: &str, chunks: &[&[u8]], ends: bool) {
        {
            let mut world = self.world.borrow_mut();
            let headers = self.routed(&world, &headers);
            world.line(&format!("> policy: response headers{whose}"));
            world.fields(&headers, true);
            world.response.headers = headers;
            world.response.body.clear();
            world.resumed = false;
        }
        self.is_answered = true;
        let is_replied = self.world.borrow().reply.is_some();
        let mut flow = self.policy.response_headers(ends && chunks.is_empty());
        self.flow(flow);
        if !is_replied && self.world.borrow().reply.is_some() {
            return self.deliver_past_the_filters();
        }
        for (index, chunk) in chunks.iter().enumerate() {
            if self.pace > 0 {
                self.wait(self.pace);
            }
            let end = ends && index + 1 == chunks.len();
            self.line(&format!(
                "> policy: response body{} {}",
                if end { ", the last," } else { "" },
                shown(chunk)
            ));
            self.world.borrow_mut().response.body.extend_from_slice(chunk);
            let buffered = self.world.borrow().response.body.len();
            flow = self.policy.response_body(buffered, end);
            self.flow(flow);
            if !is_replied && self.world.borrow().reply.is_some() {
                return self.deliver_past_the_filters();
            }
            if flow == Flow::Continue {
                let relayed = std::mem::take(&mut self.world.borrow_mut().response.body);
                self.received.extend(relayed);
            }
        }
        if flow == Flow::Continue {
            self.deliver();
        }
    }

    /// The answer, as far as there is any, has passed the policy.
    pub(super) fn deliver(&mut self) {
        let rest = std::mem::take(&mut self.world.borrow_mut().response.body);
        self.received.extend(rest);
        let mut world = self.world.borrow_mut();
        world.line("= the client receives");
        let headers = world.response.headers.clone();
        world.fields(&headers, false);
        let body = shown(&self.received);
        world.line(&format!("    {body}"));
    }

    /// What the route makes of an answer's headers; a policy that has not chosen a route gets none of it.
    fn routed(&self, world: &World, headers: &Headers) -> Headers {
        let Some((provider, model)) = world.target.as_deref().and_then(|target| target.split_once('/'))
        else {
            return without(headers, &PRIVATE_RESPONSE_HEADERS);
        };
        let attempts = world.attempts.to_string();
        let told = [
            (SERVED_BY.model, "chat"),
            (SERVED_BY.provider, provider),
            (SERVED_BY.provider_model, model),
            (SERVED_BY.attempts, &attempts),
        ];
        let mut routed = without(&without(headers, &PRIVATE_RESPONSE_HEADERS), &told.map(|(name, _)| name));
        told.iter().for_each(|(name, value)| routed.push(name, value));
        routed
    }
}
