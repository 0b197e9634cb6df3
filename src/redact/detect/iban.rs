//! International bank account numbers: ISO 13616-1, lengths of the IBAN registry, check of ISO/IEC 7064 MOD 97-10.
//!
//! The check and the country's length make an IBAN certain, however it is grouped.

use crate::redact::candidate::Candidate;
use crate::redact::check::remainder_97;
use crate::redact::scan::Scan;

/// Countries of the registry, each with its length.
const LENGTHS: &str = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29\
ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21\
LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27\
SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

/// The length of a country's IBANs.
fn length_of(country: [u8; 2]) -> Option<usize> {
    LENGTHS.as_bytes().chunks_exact(4).find_map(|entry| match *entry {
        [first, second, tens, units] if [first, second] == country => {
            Some(usize::from(tens - b'0') * 10 + usize::from(units - b'0'))
        }
        _ => None,
    })
}

/// Countries whose account numbers have no letters.
const NUMERIC: &str = "AEATBABECZDEDKEEESFIHRHUILISLTMENOPLPTRSSESISKTNXK";

/// Reports the candidate when it is an IBAN; whether it was one.
pub(crate) fn find(scan: &mut Scan<'_>, candidate: &Candidate) -> bool {
    let text = candidate.compact();
    let [first, second, tens, units, ..] = *text else { return false };
    let shaped = first.is_ascii_uppercase() && second.is_ascii_uppercase();
    if !shaped || !tens.is_ascii_digit() || !units.is_ascii_digit() || text.len() < 15 {
        return false;
    }
    if length_of([first, second]) != Some(text.len()) {
        return false;
    }
    let (head, tail) = text.split_at(4);
    let numeric = NUMERIC.as_bytes().chunks_exact(2).any(|country| country == [first, second]);
    let capital =
        scan.bytes.get(candidate.start..candidate.end).unwrap_or_default().iter().any(u8::is_ascii_uppercase);
    if numeric && !tail.iter().all(u8::is_ascii_digit)
        || candidate.small && capital && candidate.separated() > 0
    {
        return false;
    }
    let valid = remainder_97(tail.iter().chain(head).copied()) == 1;
    if valid {
        scan.report(candidate.start, candidate.end, "IBAN_CODE", 97);
    }
    valid
}
