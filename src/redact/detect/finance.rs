//! Banks: BIC (ISO 9362).
//!
//! A BIC looks like a word in capitals and has no check digit, so it needs a word for it near by.

use super::format;
use crate::redact::format::Alone::Never;
use crate::redact::format::Format;

/// ISO 3166-1, and XK for Kosovo.
const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOARATAUAWAZBABBBDBEBFBGBHBIBJBMBNBOBRBSBTBWBYBZCACDCFCGCHCICLCMCNCOCRCUCVCWCYCZDEDJDKDMDODZECEEEGERESETFIFJFKFOFRGAGBGDGEGGGHGIGLGMGNGQGRGTGWGYHKHNHRHTHUIDIEILIMINIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMGMKMLMMMNMOMRMSMTMUMVMWMXMYMZNANCNENGNINLNONPNRNZOMPAPEPFPGPHPKPLPSPTPWPYQARORSRURWSASBSCSDSESGSHSISKSLSMSNSOSRSSSTSVSYSZTCTDTGTHTJTLTMTNTOTRTTTVTWTZUAUGUSUYUZVAVCVEVGVNVUWSXKYEZAZMZW";

fn bic(text: &[u8]) -> bool {
    let Some(country) = text.get(4..6) else { return false };
    COUNTRIES.chunks_exact(2).any(|own| own == country)
}

pub(super) static FORMATS: &[Format] = &[format(
    "BIC",
    &["AAAAAA??", "AAAAAA?????", "AAAAAA?? ???"],
    bic,
    Never,
    &[],
    &[
        "bic",
        "swift",
        "swift code",
        "bic code",
        "swift bic",
        "bic swift",
        "iban",
        "code bic",
        "codigo swift",
        "bank identifier",
        "swift bic code",
    ],
)];
