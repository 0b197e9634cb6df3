//! Writing JSON member by member, in the order of the calls.

use crate::framing::json::write_string;

/// Writes an object into a new text.
pub(in crate::dialect) fn object(write: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    object_into(&mut out, write);
    out
}

/// Writes an object at the end of a text.
pub(in crate::dialect) fn object_into(out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push(b'{');
    write(&mut ObjectWriter { out, empty: true });
    out.push(b'}');
}

/// Whether what is written into an array leaves it empty.
pub(in crate::dialect) fn is_empty_array(write: impl FnOnce(&mut ArrayWriter<'_>)) -> bool {
    let mut array = ArrayWriter { out: &mut Vec::new(), empty: true };
    write(&mut array);
    array.empty
}

/// The members of an object that is being written.
pub(in crate::dialect) struct ObjectWriter<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

/// The elements of an array that is being written.
pub(in crate::dialect) struct ArrayWriter<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl ObjectWriter<'_> {
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    pub(in crate::dialect) fn string(&mut self, key: &str, value: &str) {
        write_string(self.key(key), value);
    }

    pub(in crate::dialect) fn string_if(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(key, value);
        }
    }

    /// A string, or null.
    pub(in crate::dialect) fn string_or_null(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.string(key, value),
            None => self.null(key),
        }
    }

    /// JSON text as it is.
    pub(in crate::dialect) fn raw(&mut self, key: &str, value: &str) {
        self.key(key).extend_from_slice(value.as_bytes());
    }

    pub(in crate::dialect) fn null(&mut self, key: &str) {
        self.raw(key, "null");
    }

    pub(in crate::dialect) fn boolean(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    pub(in crate::dialect) fn boolean_if(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.boolean(key, value);
        }
    }

    pub(in crate::dialect) fn unsigned(&mut self, key: &str, value: u64) {
        self.raw(key, &value.to_string());
    }

    pub(in crate::dialect) fn unsigned_if(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.unsigned(key, value);
        }
    }

    pub(in crate::dialect) fn signed_if(&mut self, key: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.raw(key, &value.to_string());
        }
    }

    /// A number that is finite; the readers let no other in.
    pub(in crate::dialect) fn number(&mut self, key: &str, value: f64) {
        self.raw(key, &value.to_string());
    }

    pub(in crate::dialect) fn number_if(&mut self, key: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.number(key, value);
        }
    }

    pub(in crate::dialect) fn strings(&mut self, key: &str, values: &[String]) {
        self.array(key, |array| values.iter().for_each(|value| array.string(value)));
    }

    /// As [`Self::strings`], unless there are none.
    pub(in crate::dialect) fn strings_if(&mut self, key: &str, values: &[String]) {
        if !values.is_empty() {
            self.strings(key, values);
        }
    }

    pub(in crate::dialect) fn object(&mut self, key: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        object_into(self.key(key), write);
    }

    pub(in crate::dialect) fn array(&mut self, key: &str, write: impl FnOnce(&mut ArrayWriter<'_>)) {
        let out = self.key(key);
        out.push(b'[');
        write(&mut ArrayWriter { out, empty: true });
        out.push(b']');
    }
}

impl ArrayWriter<'_> {
    fn next(&mut self) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out
    }

    pub(in crate::dialect) fn string(&mut self, value: &str) {
        write_string(self.next(), value);
    }

    pub(in crate::dialect) fn raw(&mut self, value: &str) {
        self.next().extend_from_slice(value.as_bytes());
    }

    pub(in crate::dialect) fn object(&mut self, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        object_into(self.next(), write);
    }
}
