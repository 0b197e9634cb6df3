//! Listens, serves each connection on a thread of its own, and hands each request to its instance and API.
//!
//! Promises: requests of one connection are answered in order; an API request under `/instance/NAME/` belongs to
//! the instance of that name, any other to the unnamed one. Does not know what the APIs answer.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use socket2::{Domain, Socket, Type};

use crate::answer::{Answer, Body};
use crate::anthropic;
use crate::bedrock;
use crate::behaviour::Behaviour;
use crate::cloud;
use crate::control;
use crate::deliver::{Delivery, Next};
use crate::gemini;
use crate::http::{ReadError, Reader, Request, push_header, push_number, push_status_line};
use crate::instance::Instance;
use crate::openai;

/// Connections that may wait to be accepted: a benchmark opens hundreds at once.
const BACKLOG: i32 = 1024;

/// What the command line decides.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The only key that is accepted; `None` accepts any, and none.
    pub(crate) required_key: Option<String>,
    /// What an instance does that has been told nothing.
    pub(crate) default_behaviour: Behaviour,
    /// Whether requests are logged.
    pub(crate) keep_log: bool,
}

/// A bound server.
pub(crate) struct Server {
    listener: TcpListener,
    required_key: Option<String>,
    instances: Instances,
    serial: AtomicU64,
}

impl Server {
    /// Binds the address; connections queue up from here on.
    pub(crate) fn bind(address: SocketAddr, options: Options) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(Self {
            listener: socket.into(),
            required_key: options.required_key,
            instances: Instances {
                default: Arc::new(options.default_behaviour),
                keep_log: options.keep_log,
                by_name: RwLock::default(),
            },
            serial: AtomicU64::new(0),
        })
    }

    /// The address, with the port that was picked.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the process ends.
    pub(crate) fn run(self: Arc<Self>) -> io::Result<()> {
        loop {
            let Ok((socket, _)) = self.listener.accept() else {
                // Out of descriptors, or a client that left in the queue: the next may fare better.
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            let server = Arc::clone(&self);
            thread::Builder::new().name("connection".to_owned()).spawn(move || server.serve(&socket))?;
        }
    }

    fn serve(&self, socket: &TcpStream) {
        if socket.set_nodelay(true).is_err() {
            return;
        }
        let mut reader = Reader::default();
        let mut out = Vec::with_capacity(4096);
        loop {
            match reader.read(socket) {
                Ok(Some(request)) => {
                    if self.handle(socket, &request, &mut out) == Next::Close || !request.keep_alive {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    refuse(socket, &error);
                    break;
                }
            }
        }
    }

    fn handle(&self, socket: &TcpStream, request: &Request<'_>, out: &mut Vec<u8>) -> Next {
        if request.target.starts_with(control::PREFIX) {
            return send_plain(socket, control::answer(request, &self.instances), out);
        }
        let instance = self.instances.named(instance_name(request.target));
        let (behaviour, mut ticket) = instance.receive(request);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let context = openai::Context {
            behaviour: &behaviour,
            required_key: behaviour.require_key.as_deref().or(self.required_key.as_deref()),
            serial,
            created: unix_seconds(),
        };
        let path = request.target.split('?').next().unwrap_or_default();
        let answer = if let Some(answer) = cloud::answer(request, &context) {
            answer
        } else if bedrock::serves(path) {
            bedrock::answer(request, &context)
        } else if path.ends_with(anthropic::PATH) {
            anthropic::answer(request, &context)
        } else if path.contains(gemini::MODELS) {
            gemini::answer(request, &context)
        } else {
            openai::answer(request, &context)
        };
        Delivery { socket, behaviour: &behaviour, ticket: &mut ticket, serial, out }.send(answer)
    }
}

/// All instances; one comes to be when it is first named.
pub(crate) struct Instances {
    default: Arc<Behaviour>,
    keep_log: bool,
    by_name: RwLock<HashMap<String, Arc<Instance>>>,
}

impl Instances {
    /// The instance of this name; the empty name is the unnamed instance.
    pub(crate) fn named(&self, name: &str) -> Arc<Instance> {
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone);
        known.unwrap_or_else(|| {
            let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
            let instance = by_name
                .entry(name.to_owned())
                .or_insert_with(|| Arc::new(Instance::new(Arc::clone(&self.default), self.keep_log)));
            Arc::clone(instance)
        })
    }

    /// Resets every instance.
    pub(crate) fn reset_all(&self) {
        for instance in self.by_name.read().unwrap_or_else(PoisonError::into_inner).values() {
            instance.reset();
        }
    }
}

fn instance_name(target: &str) -> &str {
    let named = target.strip_prefix("/instance/").and_then(|rest| rest.split_once('/'));
    named.map_or("", |(name, _)| name)
}

fn send_plain(mut socket: &TcpStream, answer: Answer, out: &mut Vec<u8>) -> Next {
    let Body::Whole(body) = answer.body else { return Next::Close };
    out.clear();
    push_status_line(out, answer.status);
    push_header(out, "content-type", &answer.content_type);
    out.extend_from_slice(b"content-length: ");
    push_number(out, body.len() as u64);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(&body);
    if socket.write_all(out).is_ok() { Next::KeepOpen } else { Next::Close }
}

fn refuse(mut socket: &TcpStream, error: &ReadError) {
    let Some(status) = error.status() else { return };
    let mut out = Vec::new();
    push_status_line(&mut out, status);
    out.extend_from_slice(b"connection: close\r\ncontent-length: 0\r\n\r\n");
    // The connection ends here either way.
    let _ = socket.write_all(&out);
}

/// Seconds since 1970, as OpenAI's `created` counts them.
#[expect(clippy::disallowed_methods, reason = "a mock provider keeps its own time")]
fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
