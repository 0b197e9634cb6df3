//! The one call of the proxy-wasm ABI that its SDK does not give as it is.
//!
//! The SDK takes a header map apart into two allocations for each field; [`Headers`](crate::engine::Headers)
//! reads it where it lies. The only `unsafe` code of the project: a declaration of the host's function and the
//! taking over of the buffer that the host has filled.

#![allow(unsafe_code, reason = "a function of the host has no other form")]

use std::ptr::null_mut;

use proxy_wasm::types::{MapType, Status};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    /// Serialises a header map into memory that it asks `proxy_on_memory_allocate` for.
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
}

/// A header map in the form of the ABI (see [`crate::engine::Headers::from_serialized`]).
///
/// # Errors
/// What the host answers when it does not give the map.
pub(super) fn header_map(map: MapType) -> Result<Vec<u8>, Status> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: both pointers are to live locals, which the host fills before it returns.
    let status = unsafe { proxy_get_header_map_pairs(map as u32, &raw mut data, &raw mut size) };
    if status != Status::Ok as u32 {
        return Err(Status::InternalFailure);
    }
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the host has got `data` from the SDK's `proxy_on_memory_allocate`, which makes a `Vec<u8>` with a
    // capacity of the size asked for and leaks it; the host has written all `size` bytes, and keeps no copy of
    // the pointer.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}
