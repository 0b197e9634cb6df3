//! Sends one answer, bent as its behaviour asks: late, slowly, in pieces, cut short, reset or never.
//!
//! Promises: an answer without special wishes is one write; a request is settled before its last byte leaves.
//! Does not know which API the answer belongs to.

use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::answer::{Answer, Body, Usage};
use crate::behaviour::{Behaviour, Fault, Point};
use crate::http::{LAST_CHUNK, push_chunk, push_header, push_number, push_status_line};
use crate::instance::Ticket;
use crate::log::{Ending, Outcome};

/// How long a stall lasts when the client stays.
const STALL_LIMIT: Duration = Duration::from_secs(300);
/// How long the bytes before a reset get to reach the client, whose system may drop them once the reset arrives, and to pass
/// a proxy on a busy machine, which may not send on what came together with a reset.
const RESET_GRACE: Duration = Duration::from_millis(200);
/// A socket's read timeout is rounded up to the kernel's tick, of at most 10 ms; the end of a wait is slept.
const TIMEOUT_SLACK: Duration = Duration::from_millis(10);

/// Headers that a provider may send and that a gateway must keep, replace or drop on purpose.
const PLANTED_HEADERS: &[(&str, &str)] = &[
    ("set-cookie", "__cf_bm=mock; path=/; HttpOnly; Secure"),
    ("openai-organization", "org-mock"),
    ("openai-project", "proj_mock"),
    ("openai-version", "2020-10-01"),
    ("openai-processing-ms", "7"),
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "2000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "1999980"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "0s"),
];

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    KeepOpen,
    Close,
}

/// One answer on its way.
pub(crate) struct Delivery<'a> {
    pub(crate) socket: &'a TcpStream,
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) ticket: &'a mut Ticket,
    /// Distinguishes `x-request-id`s.
    pub(crate) serial: u64,
    /// Scratch space, reused by the connection.
    pub(crate) out: &'a mut Vec<u8>,
}

/// Why a delivery stopped early.
enum Stop {
    ClientClosed,
    Fault(Fault),
}

#[derive(Clone, Copy, Default)]
struct Progress {
    bytes: usize,
    chunks: usize,
}

impl Delivery<'_> {
    /// Sends the answer and settles its ticket.
    pub(crate) fn send(mut self, answer: Answer) -> Next {
        let usage = answer.usage;
        let mut progress = Progress::default();
        let Err(stop) = self.run(answer, &mut progress) else { return Next::KeepOpen };
        let ending = match stop {
            Stop::ClientClosed => Ending::ClientClosed,
            Stop::Fault(Fault::Reset) => {
                // Settled first: the client may look at the log the moment it sees the reset.
                self.settle(Ending::Reset, progress, usage);
                thread::sleep(RESET_GRACE);
                // Closing with a linger time of zero sends RST; on failure the client sees an ordinary close.
                let _ = SockRef::from(self.socket).set_linger(Some(Duration::ZERO));
                return Next::Close;
            }
            Stop::Fault(Fault::Stall) => match wait(self.socket, STALL_LIMIT) {
                Err(Stop::ClientClosed | Stop::Fault(_)) => Ending::ClientClosed,
                Ok(()) => Ending::StallExpired,
            },
        };
        self.settle(ending, progress, usage);
        Next::Close
    }

    fn run(&mut self, answer: Answer, progress: &mut Progress) -> Result<(), Stop> {
        let (status, content_type, usage) = (answer.status, answer.content_type, answer.usage);
        self.stop_at(Point::BeforeHeaders)?;
        wait(self.socket, Duration::from_millis(self.behaviour.latency_ms))?;
        let (mut bytes, mut ends, chunked) = match answer.body {
            Body::Whole(bytes) => {
                let end = bytes.len();
                (bytes, vec![end], self.behaviour.endless)
            }
            Body::Events(events) => {
                let (bytes, ends) = events.into_parts();
                (bytes, ends, true)
            }
        };
        if self.behaviour.truncate {
            bytes.truncate(bytes.len() / 2);
            ends.retain(|end| *end < bytes.len());
            ends.push(bytes.len());
        }
        if let Some(size) = self.piece_size(&bytes, ends.len()) {
            ends = (1..=bytes.len().div_ceil(size)).map(|piece| (piece * size).min(bytes.len())).collect();
        }
        self.out.clear();
        self.push_head(status, &content_type, (!chunked).then_some(bytes.len()));
        if self.is_paced() {
            self.flush()?;
            self.stop_at(Point::AfterHeaders)?;
            wait(self.socket, Duration::from_millis(self.behaviour.first_chunk_ms))?;
        }
        self.send_pieces(&bytes, &ends, chunked, usage, progress)
    }

    fn send_pieces(
        &mut self,
        bytes: &[u8],
        ends: &[usize],
        chunked: bool,
        usage: Option<Usage>,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        let is_paced = self.is_paced();
        let mut start = 0;
        for (index, &end) in ends.iter().enumerate() {
            if is_paced && index > 0 {
                self.flush()?;
                *progress = Progress { bytes: start, chunks: index };
                if index == ends.len().div_ceil(2) {
                    self.stop_at(Point::MidStream)?;
                    while self.behaviour.endless {
                        push_chunk(self.out, bytes.get(start..end).unwrap_or_default());
                        self.flush()?;
                        wait(self.socket, Duration::from_millis(self.behaviour.chunk_ms))?;
                    }
                }
                wait(self.socket, Duration::from_millis(self.behaviour.chunk_ms))?;
            }
            match bytes.get(start..end).unwrap_or_default() {
                [] => {}
                piece if chunked => push_chunk(self.out, piece),
                piece => self.out.extend_from_slice(piece),
            }
            start = end;
        }
        self.stop_short_body(ends.len())?;
        if chunked {
            self.out.extend_from_slice(LAST_CHUNK);
        }
        self.settle(Ending::Completed, Progress { bytes: bytes.len(), chunks: ends.len() }, usage);
        self.flush()
    }

    /// A body of a single piece, or of none, has no middle; it is broken off before its end.
    fn stop_short_body(&self, pieces: usize) -> Result<(), Stop> {
        if pieces < 2 { self.stop_at(Point::MidStream) } else { Ok(()) }
    }

    fn stop_at(&self, point: Point) -> Result<(), Stop> {
        match self.behaviour.fault() {
            Some((fault, at)) if at == point => Err(Stop::Fault(fault)),
            _ => Ok(()),
        }
    }

    /// The size of pieces, when the body goes out in pieces that are not its events.
    fn piece_size(&self, bytes: &[u8], events: usize) -> Option<usize> {
        let asked = self.behaviour.cut_bytes.map(std::num::NonZero::get);
        // Something must be sent before the middle.
        let is_broken_off = events < 2 && matches!(self.behaviour.fault(), Some((_, Point::MidStream)));
        let is_repeated = events < 2 && self.behaviour.endless;
        // And what is repeated is neither its beginning nor its end.
        let parts = if is_repeated { 4 } else { 2 };
        asked.or_else(|| (is_broken_off || is_repeated).then(|| bytes.len().div_ceil(parts).max(1)))
    }

    /// Whether the pieces of the body are written one by one.
    fn is_paced(&self) -> bool {
        let Behaviour { first_chunk_ms, chunk_ms, cut_bytes, endless, .. } = self.behaviour;
        *endless
            || *first_chunk_ms > 0
            || *chunk_ms > 0
            || cut_bytes.is_some()
            || self.behaviour.fault().is_some()
    }

    fn push_head(&mut self, status: u16, content_type: &str, content_length: Option<usize>) {
        push_status_line(self.out, status);
        push_header(self.out, "content-type", self.behaviour.content_type.as_deref().unwrap_or(content_type));
        self.out.extend_from_slice(b"x-request-id: req_mock");
        push_number(self.out, self.serial);
        self.out.extend_from_slice(b"\r\n");
        if self.behaviour.echo_headers {
            for (name, value) in PLANTED_HEADERS {
                push_header(self.out, name, value);
            }
        }
        for (name, value) in &self.behaviour.headers {
            push_header(self.out, name, value);
        }
        match content_length {
            Some(length) => {
                self.out.extend_from_slice(b"content-length: ");
                push_number(self.out, length as u64);
                self.out.extend_from_slice(b"\r\n\r\n");
            }
            None => self.out.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n"),
        }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let mut socket = self.socket;
        socket.write_all(self.out).map_err(|_| Stop::ClientClosed)?;
        self.out.clear();
        Ok(())
    }

    fn settle(&mut self, ended: Ending, progress: Progress, usage: Option<Usage>) {
        let Progress { bytes, chunks } = progress;
        self.ticket.settle(Outcome { ended, bytes_written: bytes, chunks_written: chunks, usage });
    }
}

/// Waits, and stops early when the client closes its side, be it only for writing.
fn wait(socket: &TcpStream, duration: Duration) -> Result<(), Stop> {
    if duration.is_zero() {
        return Ok(());
    }
    let deadline = now() + duration;
    if let Some(watched) = duration.checked_sub(TIMEOUT_SLACK).filter(|watched| !watched.is_zero()) {
        socket.set_read_timeout(Some(watched)).map_err(|_| Stop::ClientClosed)?;
        let peeked = socket.peek(&mut [0]);
        socket.set_read_timeout(None).map_err(|_| Stop::ClientClosed)?;
        match peeked {
            Ok(0) => return Err(Stop::ClientClosed),
            // The next request is waiting already.
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Stop::ClientClosed),
        }
    }
    thread::sleep(deadline.saturating_duration_since(now()));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a mock provider keeps its own time")]
fn now() -> Instant {
    Instant::now()
}
