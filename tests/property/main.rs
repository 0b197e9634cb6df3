//! What must hold for any input, not only for examples: the meter under any cutting, and the adapter's edit of
//! any body. Drives the public state machines; knows nothing of their insides.

mod edit;
mod meter;
