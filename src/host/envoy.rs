//! The calls of the host, for the stream whose callback runs: what [`Host`] says, in proxy-wasm's words.
//! Deliberately unknown here: which callback that is, and what the calls are for.

use std::cell::RefCell;
use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType, Status};

use super::{Host, HostError, HostResult, Side, abi};
use crate::config::compiled::{Scheme, Webhook};
use crate::engine::effect::Reply;
use crate::engine::event::Breaker;
use crate::engine::{Headers, Timestamp};
use crate::observe::metrics::{Defined, Kind, Measurement};

/// The bits of Envoy's response flags for "the client went away", in the order of the attribute `response.flags`: its connection
/// was closed (`DC`), or it has reset the stream (`DR`).
const CLIENT_GONE: u64 = 1 << 14 | 1 << 28;

/// Those for "the provider went away": it has reset the stream (`UR`), its connection was closed (`UC`), or it does not keep to
/// the protocol (`UPE`).
const PROVIDER_GONE: u64 = 1 << 4 | 1 << 6 | 1 << 23;

/// The host, for the stream whose callback runs.
pub(super) struct Envoy;

thread_local! {
    static METRICS: RefCell<Defined> = RefCell::default();
}

pub(super) fn log(level: LogLevel, message: &str) {
    // A log that cannot be written has nowhere to be reported.
    let _ = hostcalls::log(level, message);
}

fn refused(call: &'static str) -> impl Fn(Status) -> HostError {
    move |_| HostError { call }
}

const fn header_map(side: Side) -> MapType {
    match side {
        Side::Request => MapType::HttpRequestHeaders,
        Side::Response => MapType::HttpResponseHeaders,
    }
}

const fn body_buffer(side: Side) -> BufferType {
    match side {
        Side::Request => BufferType::HttpRequestBody,
        Side::Response => BufferType::HttpResponseBody,
    }
}

fn property(path: Vec<&str>) -> HostResult<Option<Vec<u8>>> {
    hostcalls::get_property(path).map_err(refused("get_property"))
}

/// A property that is a number, which the host writes as eight bytes.
fn number(path: Vec<&str>) -> HostResult<u64> {
    let bytes = property(path)?.unwrap_or_default();
    Ok(bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
}

impl Host for Envoy {
    fn now(&self) -> Timestamp {
        let since_epoch =
            hostcalls::get_current_time().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        // The host counts nanoseconds in 64 bits. Duration's own count has 128, and their product is a call.
        let nanoseconds = |since: Duration| {
            since.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(since.subsec_nanos()))
        };
        Timestamp::from_nanoseconds(since_epoch.map_or(0, nanoseconds))
    }

    fn headers(&self, side: Side) -> HostResult<Headers> {
        let bytes = abi::header_map(header_map(side)).map_err(refused("get_map"))?;
        Headers::from_serialized(bytes).ok_or(HostError { call: "get_map" })
    }

    fn request_header(&self, name: &str) -> HostResult<Option<Vec<u8>>> {
        hostcalls::get_map_value_bytes(header_map(Side::Request), name).map_err(refused("get_map_value"))
    }

    fn replace_request_headers(&mut self, headers: &Headers) -> HostResult<()> {
        hostcalls::set_map_bytes(header_map(Side::Request), headers.iter().collect())
            .map_err(refused("set_map"))
    }

    fn set_header(&mut self, side: Side, name: &str, value: &[u8]) -> HostResult<()> {
        hostcalls::set_map_value_bytes(header_map(side), name, Some(value)).map_err(refused("set_map_value"))
    }

    fn remove_header(&mut self, side: Side, name: &str) -> HostResult<()> {
        hostcalls::remove_map_value(header_map(side), name).map_err(refused("remove_map_value"))
    }

    fn drop_trailers(&mut self, side: Side) -> HostResult<()> {
        let trailers = match side {
            Side::Request => MapType::HttpRequestTrailers,
            Side::Response => MapType::HttpResponseTrailers,
        };
        hostcalls::set_map_bytes(trailers, Vec::new()).map_err(refused("set_map"))
    }

    fn body(&self, side: Side, length: usize) -> HostResult<Vec<u8>> {
        let bytes = hostcalls::get_buffer(body_buffer(side), 0, length).map_err(refused("get_buffer"))?;
        Ok(bytes.unwrap_or_default())
    }

    fn replace_body(&mut self, side: Side, drain: usize, with: &[u8]) -> HostResult<()> {
        hostcalls::set_buffer(body_buffer(side), 0, drain, with).map_err(refused("set_buffer"))
    }

    fn reply(&mut self, reply: &Reply) -> HostResult<()> {
        let headers = reply.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        hostcalls::send_http_response(u32::from(reply.status), headers, Some(&reply.body))
            .map_err(refused("send_http_response"))
    }

    fn publish(&mut self, name: &str, value: &[u8]) -> HostResult<()> {
        hostcalls::set_property(vec![name], Some(value)).map_err(refused("set_property"))
    }

    fn published(&self, name: &str) -> HostResult<Option<Vec<u8>>> {
        property(vec![name])
    }

    fn target(&self) -> HostResult<Option<String>> {
        let bytes = property(vec!["xds", "upstream_host_metadata", "filter_metadata", "tollgate", "target"])?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn is_upstream_answer(&self) -> HostResult<bool> {
        Ok(property(vec!["response", "code_details"])?.as_deref() == Some(b"via_upstream"))
    }

    fn broken_by(&self) -> HostResult<Breaker> {
        let flags = number(vec!["response", "flags"])?;
        Ok(if flags & CLIENT_GONE != 0 {
            Breaker::Client
        } else if flags & PROVIDER_GONE != 0 {
            Breaker::Provider
        } else {
            Breaker::Nobody
        })
    }

    fn break_off(&mut self) -> HostResult<()> {
        hostcalls::reset_http_response().map_err(refused("close_stream"))
    }

    fn choose_route(&mut self) -> HostResult<()> {
        hostcalls::call_foreign_function("clear_route_cache", None)
            .map(drop)
            .map_err(refused("clear_route_cache"))
    }

    fn resume(&mut self, side: Side) -> HostResult<()> {
        match side {
            Side::Request => hostcalls::resume_http_request(),
            Side::Response => hostcalls::resume_http_response(),
        }
        .map_err(refused("continue_stream"))
    }

    fn shared(&self, key: &str) -> HostResult<Option<(Vec<u8>, u32)>> {
        match hostcalls::get_shared_data(key).map_err(refused("get_shared_data"))? {
            (Some(value), version) => Ok(Some((value, version.unwrap_or(0)))),
            (None, _) => Ok(None),
        }
    }

    fn share(&mut self, key: &str, value: &[u8], version: u32) -> HostResult<bool> {
        match hostcalls::set_shared_data(key, Some(value), Some(version)) {
            Ok(()) => Ok(true),
            Err(Status::CasMismatch) => Ok(false),
            Err(status) => Err(refused("set_shared_data")(status)),
        }
    }

    fn post(&mut self, cluster: &str, to: &Webhook, body: &[u8], timeout: Duration) -> HostResult<u32> {
        let Webhook { scheme, authority, path } = to;
        let scheme = match scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let headers = vec![
            (":method", "POST"),
            (":scheme", scheme),
            (":authority", authority),
            (":path", path),
            ("content-type", "application/json"),
        ];
        hostcalls::dispatch_http_call(cluster, headers, Some(body), Vec::new(), timeout)
            .map_err(refused("http_call"))
    }

    fn get(&mut self, cluster: &str, path: &str, timeout: Duration) -> HostResult<u32> {
        let headers = vec![(":method", "GET"), (":scheme", "http"), (":authority", cluster), (":path", path)];
        hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), timeout)
            .map_err(refused("http_call"))
    }

    fn measure(&mut self, measurement: &Measurement) -> HostResult<()> {
        let Measurement { series, value } = measurement;
        let kind = series.metric.kind();
        // The host takes it for a mistake to add nothing.
        if *value == 0 && kind == Kind::Counter {
            return Ok(());
        }
        let define = || {
            let metric_type = match kind {
                Kind::Counter => MetricType::Counter,
                Kind::Histogram => MetricType::Histogram,
            };
            hostcalls::define_metric(metric_type, &series.name()).map_err(refused("define_metric"))
        };
        let id = METRICS.with_borrow_mut(|defined| defined.number(series, define))?;
        match kind {
            Kind::Counter => hostcalls::increment_metric(id, i64::try_from(*value).unwrap_or(i64::MAX)),
            Kind::Histogram => hostcalls::record_metric(id, *value),
        }
        .map_err(refused("record_metric"))
    }

    fn warn(&self, message: &str) {
        log(LogLevel::Warn, &format!("tollgate: {message}"));
    }
}
