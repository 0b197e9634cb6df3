//! A few things in a row, on the stack: what is gathered for every number of a text must not be allocated.

use std::ops::Deref;

/// At most `MOST` things.
#[derive(Clone, Debug)]
pub(super) struct Row<T, const MOST: usize> {
    things: [T; MOST],
    length: usize,
}

impl<T: Copy + Default, const MOST: usize> Row<T, MOST> {
    pub(super) fn new() -> Self {
        Self { things: [T::default(); MOST], length: 0 }
    }

    /// Adds one at the end, unless there is no room.
    pub(super) fn push(&mut self, thing: T) {
        if let Some(slot) = self.things.get_mut(self.length) {
            *slot = thing;
            self.length += 1;
        }
    }
}

impl<T, const MOST: usize> Deref for Row<T, MOST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.things.get(..self.length).unwrap_or_default()
    }
}
