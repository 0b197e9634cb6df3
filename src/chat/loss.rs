//! What a translation could not carry.

/// How many losses one translation lists; a request of ten thousand odd parts is no worse than one of sixty-four.
const MOST: usize = 64;

/// One thing that was not carried, or not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The member of the neutral form or of the wire format, from a closed set: fit for a metric's label.
    pub field: &'static str,
    /// Why.
    pub cause: Cause,
}

/// Why something was not carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The other dialect has nothing like it.
    Unsupported,
    /// It was put into the nearest form that the other dialect has.
    Approximated,
    /// The gateway does not know this member, named here as the client wrote it.
    Unknown(String),
}

/// The losses of one translation, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(Vec<Loss>);

impl Losses {
    /// Notes a loss, unless the same one is noted already or the list is full.
    pub fn note(&mut self, field: &'static str, cause: Cause) {
        let loss = Loss { field, cause };
        if self.0.len() < MOST && !self.0.contains(&loss) {
            self.0.push(loss);
        }
    }

    /// Notes that the other dialect has nothing like `field`.
    pub fn unsupported(&mut self, field: &'static str) {
        self.note(field, Cause::Unsupported);
    }

    /// Notes that `field` was put into the nearest form.
    pub fn approximated(&mut self, field: &'static str) {
        self.note(field, Cause::Approximated);
    }

    /// Notes all of `others` as well.
    pub fn append(&mut self, others: Self) {
        for Loss { field, cause } in others.0 {
            self.note(field, cause);
        }
    }

    /// The losses in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Loss> {
        self.0.iter()
    }

    /// Whether everything was carried.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
