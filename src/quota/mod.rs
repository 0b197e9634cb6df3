//! Limits that cannot be overshot: reserve before a request leaves, settle to the truth afterwards.

pub mod cell;
pub mod ledger;
pub mod limit;
pub mod money;
pub mod price;
#[cfg(not(target_arch = "wasm32"))]
pub mod prices;
pub mod store;
pub mod window;
pub mod zone;

pub use money::{MoneyError, NanoDollars};

#[cfg(test)]
mod tests;
