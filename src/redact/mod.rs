//! Finding private values in text, and what is put in their place.

pub mod finding;
