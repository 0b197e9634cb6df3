//! The few questions that `run` and `status` ask Envoy's admin interface.

use std::net::SocketAddr;
use std::time::Duration;

/// Envoy's admin interface.
pub(super) struct Admin {
    base: String,
    agent: ureq::Agent,
}

/// How often Envoy took or refused a new configuration, by its own count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Updates {
    pub(super) taken: u64,
    pub(super) refused: u64,
}

impl Admin {
    pub(super) fn new(address: SocketAddr) -> Self {
        let configuration =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build();
        Self { base: format!("http://{address}"), agent: configuration.into() }
    }

    /// Whether Envoy serves.
    pub(super) fn is_ready(&self) -> bool {
        self.get("/ready").is_some()
    }

    /// How often the parts of the configuration were replaced since the start.
    pub(super) fn updates(&self) -> Updates {
        let filter = "(config_reload|config_fail|update_success|update_rejected)$";
        let text = self.get(&format!("/stats?filter={filter}")).unwrap_or_default();
        let mut updates = Updates::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            let value = value.parse().unwrap_or(0);
            if name.ends_with("config_reload") || name.ends_with("update_success") {
                updates.taken += value;
            } else {
                updates.refused += value;
            }
        }
        updates
    }

    /// How many requests are in flight; `None` when Envoy does not answer.
    pub(super) fn active_requests(&self) -> Option<u64> {
        let text = self.get("/stats?filter=^http.gateway.downstream_rq_active$")?;
        text.trim().rsplit_once(": ")?.1.parse().ok()
    }

    /// Stops taking new connections and tells the present ones to end after their requests.
    pub(super) fn drain(&self) {
        // An Envoy that does not answer is stopped all the same.
        let _ = self.agent.post(format!("{}/drain_listeners?graceful&skip_exit", self.base)).send_empty();
    }

    pub(super) fn get(&self, path: &str) -> Option<String> {
        self.agent.get(format!("{}{path}", self.base)).call().ok()?.body_mut().read_to_string().ok()
    }
}
