//! gateway.yaml: strict raw form → compiled form, with errors that name the line and the key.

pub mod compiled;
