//! Telephone numbers: ITU-T E.164 internationally, national numbering plans otherwise.
//!
//! A number with `+` and a known country code counts alone. A national number counts alone when it is written in a
//! way that nothing else is (`(415) 555-2671`, `06 12 34 56 78`), else near a word for telephones. Times, dates
//! and decimals are not numbers to call.

use std::sync::LazyLock;

use crate::redact::check::{number, uniform};
use crate::redact::context::{Group, Tag};
use crate::redact::scan::{Glue, Scan};

const KIND: &str = "PHONE_NUMBER";
/// Country codes, each with the lengths of its national numbers (ITU-T E.164 list and national plans).
const COUNTRIES: &[(u16, u8, u8)] = &[
    (1, 10, 10),
    (7, 10, 10),
    (20, 8, 10),
    (27, 6, 9),
    (30, 10, 10),
    (31, 9, 11),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 12),
    (40, 6, 9),
    (41, 9, 9),
    (43, 6, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 9),
    (47, 8, 8),
    (48, 7, 9),
    (49, 6, 15),
    (51, 8, 9),
    (52, 10, 10),
    (53, 6, 10),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 8, 10),
    (58, 10, 10),
    (60, 8, 10),
    (61, 9, 9),
    (62, 7, 12),
    (63, 6, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 6, 10),
    (84, 9, 10),
    (86, 7, 11),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (93, 9, 9),
    (94, 9, 9),
    (95, 6, 10),
    (98, 6, 10),
    (211, 9, 9),
    (212, 9, 9),
    (213, 8, 9),
    (216, 8, 8),
    (218, 9, 9),
    (220, 7, 9),
    (221, 9, 9),
    (222, 8, 8),
    (223, 8, 8),
    (224, 8, 9),
    (225, 10, 10),
    (226, 8, 8),
    (227, 8, 8),
    (228, 8, 8),
    (229, 10, 10),
    (230, 7, 8),
    (231, 7, 9),
    (232, 8, 8),
    (233, 9, 9),
    (234, 10, 10),
    (235, 8, 8),
    (236, 8, 8),
    (237, 9, 9),
    (238, 7, 7),
    (239, 7, 7),
    (240, 9, 9),
    (241, 7, 8),
    (242, 9, 9),
    (243, 7, 10),
    (244, 9, 9),
    (245, 9, 9),
    (246, 7, 7),
    (247, 6, 5),
    (248, 7, 7),
    (249, 9, 9),
    (250, 8, 9),
    (251, 9, 9),
    (252, 6, 9),
    (253, 8, 8),
    (254, 7, 9),
    (255, 9, 9),
    (256, 9, 9),
    (257, 8, 8),
    (258, 8, 9),
    (260, 9, 9),
    (261, 9, 9),
    (262, 9, 9),
    (263, 9, 9),
    (264, 8, 9),
    (265, 7, 9),
    (266, 8, 8),
    (267, 7, 8),
    (268, 8, 8),
    (269, 7, 7),
    (290, 6, 5),
    (291, 7, 7),
    (297, 7, 7),
    (298, 6, 6),
    (299, 6, 6),
    (350, 8, 8),
    (351, 9, 9),
    (352, 6, 11),
    (353, 7, 10),
    (354, 7, 9),
    (355, 8, 9),
    (356, 8, 8),
    (357, 8, 8),
    (358, 6, 10),
    (359, 6, 9),
    (370, 8, 8),
    (371, 8, 8),
    (372, 7, 8),
    (373, 8, 8),
    (374, 8, 8),
    (375, 9, 9),
    (376, 6, 9),
    (377, 8, 9),
    (378, 8, 10),
    (380, 9, 9),
    (381, 7, 12),
    (382, 8, 8),
    (383, 8, 12),
    (385, 8, 9),
    (386, 8, 8),
    (387, 8, 9),
    (389, 8, 8),
    (420, 9, 9),
    (421, 6, 9),
    (423, 7, 9),
    (500, 6, 5),
    (501, 7, 7),
    (502, 8, 8),
    (503, 8, 8),
    (504, 8, 8),
    (505, 8, 8),
    (506, 8, 8),
    (507, 7, 8),
    (508, 6, 9),
    (509, 8, 8),
    (590, 9, 9),
    (591, 8, 8),
    (592, 7, 7),
    (593, 8, 9),
    (594, 9, 9),
    (595, 7, 9),
    (596, 9, 9),
    (597, 6, 7),
    (598, 8, 8),
    (599, 7, 8),
    (670, 7, 8),
    (672, 6, 6),
    (673, 7, 7),
    (674, 7, 7),
    (675, 7, 8),
    (676, 6, 7),
    (677, 6, 7),
    (678, 6, 7),
    (679, 7, 7),
    (680, 7, 7),
    (681, 6, 6),
    (682, 6, 5),
    (683, 6, 7),
    (685, 6, 10),
    (686, 6, 8),
    (687, 6, 6),
    (688, 6, 7),
    (689, 8, 8),
    (690, 6, 7),
    (691, 7, 7),
    (692, 7, 7),
    (850, 8, 10),
    (852, 8, 8),
    (853, 8, 8),
    (855, 8, 9),
    (856, 8, 10),
    (880, 6, 10),
    (886, 8, 9),
    (960, 7, 7),
    (961, 7, 8),
    (962, 8, 9),
    (963, 8, 9),
    (964, 8, 10),
    (965, 8, 8),
    (966, 9, 9),
    (967, 7, 9),
    (968, 8, 8),
    (970, 8, 9),
    (971, 8, 9),
    (972, 8, 12),
    (973, 8, 8),
    (974, 8, 8),
    (975, 7, 8),
    (976, 8, 10),
    (977, 8, 10),
    (992, 9, 9),
    (993, 8, 8),
    (994, 9, 9),
    (995, 9, 9),
    (996, 9, 9),
    (998, 9, 9),
];

/// Ways of writing a national number that nothing else is written in. `9` is any digit, `N` 2 to 9, other digits
/// themselves, a space any one separator, `(` a bracket.
const NATIONAL: &[&str] = &[
    // North America.
    "(N99) N99 9999",
    "(N99)N99 9999",
    "N99 N99 9999",
    "1 N99 N99 9999",
    "1 (N99) N99 9999",
    // United Kingdom, Ireland.
    "07999 999999",
    "07999 999 999",
    "020 9999 9999",
    "(020) 9999 9999",
    "01999 999999",
    "01999 999 999",
    "0N99 999 9999",
    "(0N99) 999 9999",
    "(01999) 999999",
    "(01999) 999 999",
    "+08N 999 9999",
    "08N 999 9999",
    "02N 9999 9999",
    // France, Belgium, Luxembourg, Switzerland: pairs.
    "0N 99 99 99 99",
    "01 99 99 99 99",
    "0499 99 99 99",
    "04N9 99 99 99",
    "0N9 99 99 99",
    "0N9 999 99 99",
    "07N 999 99 99",
    // Germany, Austria.
    "0199 9999999",
    "0199 99999999",
    "01N9 999 9999",
    "01N9 99 99 99 99",
    "0699 9999999",
    "(0N9) 99999999",
    "(0N9) 9999999",
    "(0N99) 9999999",
    "(0N99) 999999",
    "(0N9999) 99999",
    "0664 9999999",
    "0664 999 9999",
    "0N9 99999999",
    "0N9 9999999",
    "(0N999) 999999",
    "0N99 9999999",
    "0N999 999999",
    // Netherlands, Spain, Portugal, Italy, Nordic countries.
    "06 99999999",
    "06 9999 9999",
    "0N9 999 9999",
    "0N9 999 99 99",
    "6N9 99 99 99",
    "9N9 99 99 99",
    "07N 999 99 99",
    "08 999 999 99",
    "040 9999999",
    "050 9999999",
    "040 999 9999",
    "3N9 999 9999",
    // Poland, Czechia, Turkey, Russia, Ukraine.
    "0599 999 99 99",
    "(0599) 999 99 99",
    "8 (999) 999 99 99",
    "8 999 999 99 99",
    "8 800 999 99 99",
    "0N99 999 99 99",
    "(0N9) 999 99 99",
    "(0N99) 999 99 99",
    // Brazil, Argentina, Mexico, Chile, Colombia.
    "(99) 99999 9999",
    "(99) 9999 9999",
    "99 99999 9999",
    "011 9999 9999",
    "9 9999 9999",
    "3N9 999 9999",
    // Japan, Korea, China, Taiwan, Hong Kong.
    "0N0 9999 9999",
    "03 9999 9999",
    "06 9999 9999",
    "0N9 999 9999",
    "0N99 99 9999",
    "010 9999 9999",
    "02 9999 9999",
    "02 999 9999",
    "0N9 9999 9999",
    "1N9 9999 9999",
    "010 99999999",
    "021 99999999",
    "0N99 99999999",
    "0999 999 999",
    "09N9 999 999",
    "(02) 9999 9999",
    "0120 999 999",
    // India, Pakistan, Indonesia, Malaysia, Philippines, Thailand, Vietnam.
    "N9999 99999",
    "0N9 99999999",
    "0399 9999999",
    "08N9 9999 9999",
    "08N9 9999 999",
    "01N 999 9999",
    "01N 9999 9999",
    "0917 999 9999",
    "09N9 999 9999",
    "09N 999 9999",
    "08N 999 9999",
    "02 999 9999",
    "0N9 999 99 99",
    // Australia, New Zealand, South Africa, Nigeria, Egypt, Israel.
    "04N9 999 999",
    "0499 999 999",
    "(0N) 9999 9999",
    "0N 9999 9999",
    "1300 999 999",
    "1800 999 999",
    "02N 999 9999",
    "0N3 999 9999",
    "0N99 999 9999",
    "05N 999 9999",
];

/// Reports the telephone number that starts with this word of digits, or with the marks before it.
pub(crate) fn find(scan: &mut Scan<'_>, start: usize, end: usize) {
    if !scan.bytes.get(start..end).is_some_and(|word| {
        word.iter().take_while(|byte| byte.is_ascii_digit()).count() == word.len() || is_extension(word)
    }) {
        return;
    }
    let mut from = start;
    if scan.byte_before(from) == Some(b'(') {
        from -= 1;
    }
    let plus = match scan.byte_before(from) {
        Some(b'+') => 1,
        Some(b' ') if from >= 2 && scan.byte(from - 2) == Some(b'+') => 2,
        _ => 0,
    };
    if plus > 0 {
        let before = scan.byte_before(from - plus);
        if !before.is_some_and(|byte| {
            byte.is_ascii_alphanumeric()
                && !scan.text.get(..from - plus).is_some_and(|text| text.ends_with('n'))
        }) {
            international(scan, from - plus, from);
        }
        return;
    }
    if scan.glue_before(from) == Glue::Number || scan.glue_before(start) == Glue::Number && from == start {
        return;
    }
    if scan.text.get(start..).is_some_and(|text| text.starts_with("00") || text.starts_with("011")) {
        let skipped = if scan.text.get(start..).is_some_and(|text| text.starts_with("00")) { 2 } else { 3 };
        if international(scan, from, start + skipped) {
            return;
        }
    }
    national(scan, from);
}

fn is_extension(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits >= 4
        && word.get(digits).is_some_and(|byte| *byte == b'x' || *byte == b'X')
        && word.get(digits + 1..).is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))
}

/// The digits from a place on, with the end of each group.
struct Groups {
    digits: Vec<u8>,
    /// For each group: how many digits there are up to its end, and where that is.
    ends: Vec<(usize, usize)>,
    /// The text in the form of [`NATIONAL`]: digits, a space for separators, brackets.
    written: Vec<u8>,
    /// Before which digits something stands, as bits.
    breaks: u32,
}

fn groups(scan: &Scan<'_>, start: usize) -> Groups {
    let mut groups = Groups {
        digits: Vec::with_capacity(20),
        ends: Vec::with_capacity(8),
        written: Vec::with_capacity(40),
        breaks: 0,
    };
    let mut at = start;
    let mut brackets = 0_u8;
    while groups.digits.len() <= 16 {
        match scan.byte(at) {
            Some(byte) if byte.is_ascii_digit() => {
                groups.digits.push(byte);
                groups.written.push(byte);
                if !scan.byte(at + 1).is_some_and(|next| next.is_ascii_digit()) && brackets == 0 {
                    groups.ends.push((groups.digits.len(), at + 1));
                }
                at += 1;
            }
            Some(b'(' | b'[')
                if brackets == 0 && scan.byte(at + 1).is_some_and(|next| next.is_ascii_digit()) =>
            {
                brackets = 1;
                groups.written.push(b'(');
                // `+44 (0)20`: the trunk prefix is not dialled from abroad.
                if scan.text.get(at..).is_some_and(|text| text.starts_with("(0)"))
                    && !groups.digits.is_empty()
                {
                    at += 3;
                    brackets = 0;
                    continue;
                }
                at += 1;
            }
            Some(b')' | b']') if brackets == 1 => {
                brackets = 0;
                groups.written.push(b')');
                at += 1;
                groups.ends.push((groups.digits.len(), at));
            }
            Some(b' ' | b'-' | b'.' | b'/' | b'\n' | b'_') => {
                let rest = scan.bytes.get(at..).unwrap_or_default();
                let marks = rest.iter().take(3).take_while(|byte| b" -./\n_".contains(byte)).count();
                if !rest.get(marks).is_some_and(|next| next.is_ascii_digit() || *next == b'(')
                    || groups.digits.is_empty()
                {
                    break;
                }
                groups.written.push(b' ');
                at += marks;
            }
            _ => break,
        }
    }
    groups.breaks = breaks(&groups.written);
    groups
}

fn international(scan: &mut Scan<'_>, start: usize, digits: usize) -> bool {
    let groups = groups(scan, digits);
    let supported = supported(scan, start, digits);
    let plus = scan.byte(start) == Some(b'+');
    for (count, end) in groups.ends.iter().rev() {
        let number = groups.digits.get(..*count).unwrap_or_default();
        if !is_international(number) || follows(scan, *end) {
            continue;
        }
        let score = match (plus, supported) {
            (true, _) => 90,
            (false, Some(score)) => score,
            (false, None) if groups.ends.len() > 2 => 60,
            (false, None) => 0,
        };
        scan.report(start, *end, KIND, score);
        return true;
    }
    false
}

fn is_international(digits: &[u8]) -> bool {
    COUNTRIES.iter().any(|(code, least, most)| {
        let length = if *code > 99 {
            3
        } else if *code > 9 {
            2
        } else {
            1
        };
        let Some((head, rest)) = digits.split_at_checked(length) else { return false };
        let mut lengths = usize::from(*least)..=usize::from(*most) + usize::from(rest.first() == Some(&b'0'));
        number(head) == u64::from(*code) && lengths.any(|length| length == rest.len()) && !uniform(rest)
    })
}

fn supported(scan: &mut Scan<'_>, start: usize, end: usize) -> Option<u8> {
    let support = scan
        .support(start, end.max(start + 8), None, |tag| (tag == Tag::Group(Group::Phone)).then_some(true))?;
    let thing = scan.thing(start);
    thing.is_none_or(|distance| distance > support.distance).then_some(support.score)
}

/// Whether something follows that makes it no telephone number.
fn follows(scan: &Scan<'_>, end: usize) -> bool {
    let next = scan.byte(end);
    scan.is_glued_after(end) || next.is_some_and(|byte| byte.is_ascii_alphabetic() && byte != b'x')
}

fn national(scan: &mut Scan<'_>, start: usize) {
    // A short number with nothing joined to it, as most are.
    let word = scan.bytes.get(start..).unwrap_or_default().iter().take(6);
    let digits = word.take_while(|byte| byte.is_ascii_digit()).count();
    if (1..6).contains(&digits) && !scan.byte(start + digits).is_some_and(|byte| b" -./\n_()".contains(&byte))
    {
        return;
    }
    let groups = groups(scan, start);
    let total = groups.digits.len();
    if total < 6 || groups.ends.is_empty() {
        return;
    }
    // Fully written in a way that only telephone numbers are.
    let last = groups.ends.last().map_or(start, |(_, end)| *end);
    let written = FORMS.iter().any(|form| form.is_followed(&groups));
    if written
        && !follows(scan, last)
        && scan.glue_before(start) == Glue::Free
        && scan.thing(start).is_none()
        && !amount(scan, start)
    {
        scan.report(start, last, KIND, 66);
    }
    for (count, end) in groups.ends.iter().rev() {
        let digits = groups.digits.get(..*count).unwrap_or_default();
        if !(6..=13).contains(count) || follows(scan, *end) || uniform(digits) || is_dated(scan, start, *end)
        {
            continue;
        }
        if let Some(score) = supported(scan, start, *end) {
            let score = if *count < 7 && score < 84 { 0 } else { score };
            scan.report(start, *end, KIND, score.saturating_sub(4));
        }
        return;
    }
}

fn amount(scan: &Scan<'_>, start: usize) -> bool {
    scan.text.get(..start).is_some_and(|text| text.trim_end().ends_with(['$', '€', '£', '¥', '#']))
}

/// Whether the text is a date of the usual forms.
fn is_dated(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    let Some(text) = scan.bytes.get(start..end) else { return false };
    let shape: Vec<u8> = text.iter().map(|byte| if byte.is_ascii_digit() { b'9' } else { *byte }).collect();
    matches!(
        shape.as_slice(),
        [b'9', b'9', b'9', b'9', b'-' | b'/' | b'.', b'9', b'9', b'-' | b'/' | b'.', b'9', b'9', ..]
    ) || matches!(
        shape.as_slice(),
        [b'9', b'9', b'-' | b'/' | b'.', b'9', b'9', b'-' | b'/' | b'.', b'9', b'9', b'9', b'9']
    )
}

/// A national form, prepared for comparison.
struct Form {
    digits: usize,
    breaks: u32,
    marks: Vec<u8>,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let prepare = |form: &&str| {
        let marks: Vec<u8> = form.bytes().filter(|byte| *byte != b' ').collect();
        let digits = marks.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
        Form { digits, breaks: breaks(form.as_bytes()), marks }
    };
    NATIONAL.iter().map(prepare).collect()
});

impl Form {
    /// Whether digits, spaces and brackets are written as the form says.
    fn is_followed(&self, groups: &Groups) -> bool {
        self.digits == groups.digits.len()
            && self.breaks == groups.breaks
            && self.marks.iter().copied().eq(groups
                .written
                .iter()
                .copied()
                .filter(|byte| *byte != b' ')
                .zip(&self.marks)
                .map(|(byte, wanted)| match wanted {
                    b'9' if byte.is_ascii_digit() => b'9',
                    b'N' if (b'2'..=b'9').contains(&byte) => b'N',
                    _ => byte,
                }))
    }
}

/// Before which digits something stands, as bits.
fn breaks(text: &[u8]) -> u32 {
    let mut digits = 0_u32;
    text.iter().fold(0, |breaks, byte| match byte {
        b' ' | b'(' | b')' => breaks | u32::from(digits > 0) << digits,
        _ => {
            digits += 1;
            breaks
        }
    })
}
