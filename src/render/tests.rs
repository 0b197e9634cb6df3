//! Properties of what is rendered that need no Envoy; the end-to-end tests start one.
