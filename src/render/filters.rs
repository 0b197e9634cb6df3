//! The two plugin configurations of the WebAssembly module, and where Envoy looks for them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Place, typed};
use crate::config::compiled::Plugin;
use crate::config::{Chains, Gateway};

pub(super) const POLICY_FILE: &str = "policy.json";
pub(super) const ADAPTER_FILE: &str = "adapter.json";

/// The policy's name, also where a route speaks of it.
pub(super) const POLICY: &str = "tollgate.policy";
const ADAPTER: &str = "tollgate.adapter";
const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";

/// Both roles share one VM per worker, and with it Envoy's shared data: the same VM for the same id.
const VM_ID: &str = "tollgate";

/// The callbacks that the module answers and the calls of the host that it makes; the host denies it all others.
/// Every callback that is left out is also one less way into the VM per request.
const CAPABILITIES: [&str; 42] = [
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_response_trailers",
    "proxy_on_log",
    "proxy_on_delete",
    "proxy_on_tick",
    "proxy_on_http_call_response",
    "proxy_http_call",
    "proxy_log",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_buffer_bytes",
    "proxy_set_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_set_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_get_property",
    "proxy_set_property",
    "proxy_call_foreign_function",
    "proxy_send_local_response",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
    "proxy_set_effective_context",
    "proxy_continue_stream",
    "proxy_close_stream",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
    // WASI, for the standard library: hash seeds, and the message of a panic.
    "random_get",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "clock_time_get",
    "proc_exit",
];

pub(super) fn policy(gateway: &Gateway, place: &Place) -> Value {
    resource(POLICY, &Plugin::Policy(gateway.policy.clone()), gateway.envoy.chains, place)
}

pub(super) fn adapter(gateway: &Gateway, place: &Place) -> Value {
    resource(ADAPTER, &Plugin::Adapter(gateway.adapter.clone()), gateway.envoy.chains, place)
}

/// The policy as a filter of the listener.
pub(super) fn policy_reference(place: &Place) -> Value {
    reference(POLICY, POLICY_FILE, place)
}

/// The adapter as a filter of a cluster.
pub(super) fn adapter_reference(place: &Place) -> Value {
    reference(ADAPTER, ADAPTER_FILE, place)
}

fn reference(name: &str, file: &str, place: &Place) -> Value {
    json!({
        "name": name,
        "config_discovery": {
            "config_source": place.source(file),
            "type_urls": [format!("type.googleapis.com/{WASM}")],
        },
    })
}

fn resource(name: &str, plugin: &Plugin, chains: Chains, place: &Place) -> Value {
    let configuration = json!(plugin).to_string();
    let capabilities: BTreeMap<&str, Value> =
        CAPABILITIES.into_iter().map(|name| (name, json!({}))).collect();
    let mut filter = json!({"config": {
        "name": name,
        "root_id": name,
        // A body-dependent edit of the headers needs the body while the headers wait.
        "allow_on_headers_stop_iteration": true,
        // After a trap: a fresh VM, and no request passes unchecked in between.
        "failure_policy": "FAIL_RELOAD",
        "configuration": typed("google.protobuf.StringValue", json!({"value": configuration})),
        "vm_config": {
            "vm_id": VM_ID,
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": place.module.display().to_string()}},
        },
    }});
    let pointer = match chains {
        Chains::Composite => "/config/vm_config",
        // An Envoy that needs aggregate clusters looks for it here.
        Chains::Aggregate => "/config",
    };
    if let Some(fields) = filter.pointer_mut(pointer).and_then(Value::as_object_mut) {
        let restriction = json!({"allowed_capabilities": capabilities});
        fields.insert("capability_restriction_config".to_owned(), restriction);
    }
    let filter = typed(WASM, filter);
    typed("envoy.config.core.v3.TypedExtensionConfig", json!({"name": name, "typed_config": filter}))
}
