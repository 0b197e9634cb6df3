//! An HTTP client that shows what is on the wire: whole answers, and streams that can be left at any point.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A test does not wait longer than this for a byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer whose body is read as far as the test wants.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
    framing: Framing,
}

enum Framing {
    Length(usize),
    Chunked,
}

/// Sends a request on a connection of its own.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Answer {
    let mut stream = connect(address);
    write_request(&mut stream, method, path, headers, body);
    Answer::read(stream)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(crate) fn write_request(
    stream: &mut TcpStream,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: gateway\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // A server may refuse before it has read the whole body.
    let _ = stream.write_all(body.unwrap_or_default());
}

impl Answer {
    pub(crate) fn read(stream: TcpStream) -> Self {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status =
            line.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let find =
            |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let framing = match find("content-length") {
            Some(length) => Framing::Length(length.parse().unwrap()),
            None if find("transfer-encoding").is_some() => Framing::Chunked,
            None => Framing::Length(0),
        };
        Self { status, headers, reader, framing }
    }

    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    /// The next piece of the body as it came; `None` at its end.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        match &mut self.framing {
            Framing::Length(0) => None,
            Framing::Length(left) => {
                let mut bytes = vec![0; (*left).min(64 * 1024)];
                let count = self.reader.read(&mut bytes).unwrap();
                assert!(count > 0, "the connection ended {left} bytes before the body");
                *left -= count;
                bytes.truncate(count);
                Some(bytes)
            }
            Framing::Chunked => {
                let mut line = String::new();
                self.reader.read_line(&mut line).unwrap();
                assert!(!line.is_empty(), "the connection ended before the last chunk");
                let length = usize::from_str_radix(line.trim(), 16).unwrap();
                let mut bytes = vec![0; length + 2];
                self.reader.read_exact(&mut bytes).unwrap();
                bytes.truncate(length);
                (length > 0).then_some(bytes)
            }
        }
    }

    /// The rest of the body as far as it comes, and whether that is its end.
    pub(crate) fn rest(&mut self) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let mut line = String::new();
        loop {
            let length = match &self.framing {
                Framing::Length(length) => *length,
                Framing::Chunked => {
                    line.clear();
                    let read = self.reader.read_line(&mut line);
                    match usize::from_str_radix(line.trim(), 16) {
                        Ok(length) if read.is_ok() => length + 2,
                        _ => return (bytes, false),
                    }
                }
            };
            let mut piece = vec![0; length];
            let complete = self.reader.read_exact(&mut piece).is_ok();
            let last = matches!(self.framing, Framing::Length(_)) || length == 2;
            if matches!(self.framing, Framing::Chunked) {
                piece.truncate(length - 2);
            }
            bytes.extend(piece);
            if last || !complete {
                return (bytes, complete);
            }
        }
    }

    /// The rest of the body.
    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.chunk()).flatten().collect()
    }

    pub(crate) fn text(&mut self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    pub(crate) fn json(&mut self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
    }

    /// The connection, for a further request; the body must have been read.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.reader.into_inner()
    }
}

/// The `data` of each event of a stream, up to and with `[DONE]`.
pub(crate) fn events(body: &str) -> Vec<&str> {
    body.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
}
