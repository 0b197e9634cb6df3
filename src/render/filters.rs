//! The two plugin configurations of the WebAssembly module, and where Envoy looks for them.

use serde_json::{Value, json};

use super::{Place, typed};
use crate::config::Gateway;
use crate::config::compiled::Plugin;

pub(super) const POLICY_FILE: &str = "policy.json";
pub(super) const ADAPTER_FILE: &str = "adapter.json";

const POLICY: &str = "tollgate.policy";
const ADAPTER: &str = "tollgate.adapter";
const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";

/// Both roles share one VM per worker, and with it Envoy's shared data: the same VM for the same id.
const VM_ID: &str = "tollgate";

pub(super) fn policy(gateway: &Gateway, place: &Place) -> Value {
    resource(POLICY, &Plugin::Policy(gateway.policy.clone()), place)
}

pub(super) fn adapter(gateway: &Gateway, place: &Place) -> Value {
    resource(ADAPTER, &Plugin::Adapter(gateway.adapter.clone()), place)
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

fn resource(name: &str, plugin: &Plugin, place: &Place) -> Value {
    let configuration = json!(plugin).to_string();
    let filter = typed(
        WASM,
        json!({"config": {
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
        }}),
    );
    typed("envoy.config.core.v3.TypedExtensionConfig", json!({"name": name, "typed_config": filter}))
}
