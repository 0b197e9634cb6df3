//! Finding private values in text, and what is put in their place.
//!
//! [`find_all`] reports what stands where. The way of a text: [`normal`] takes off disguises and remembers the way
//! back; [`scan`] passes over it once and lets the families of [`detect`] judge what it meets; [`finding`] settles
//! overlaps. Whether a weak format counts depends on the words around it ([`context`]).
//!
//! Promises: nothing is built per request (the tables once per worker, on first use); the work is linear in the
//! text, whatever it says; no panic from any text. It does not know messages, dialects or streams: whoever has
//! those hands over texts. Names of persons, streets and places are out of scope: they take a model.
//!
//! What was measured: on rows with other values and sentences than those it was developed on (`tests/redact.rs`, 3,515
//! rows from the same generator), recall 0.995 of distinctive formats, 1.000 of those that need a word and of disguised
//! values, precision 0.997, no false alarm on 1,120 clean rows. What is missed is mostly numbers without a word near by
//! that several countries write alike.
//!
//! Inside V8 (`benches/redact/run.sh`, one core, the best of the passes in three seconds): clean prose 87 MB/s, one value
//! in every 43 bytes 11 MB/s, the first call between 1 and 6 ms. The machine was shared, and single passes were slower by
//! a third and more; what does not depend on that are the instructions of a native build (cachegrind): 63 for a byte of
//! the prose, 402 for a byte of the dense text. A module grows by 1,010 KiB of code and 264 KiB of data, the regular
//! expressions of an operator's own types included.
//!
//! The types, by family (those of secrets are in their own module):
//!
//! | family | types |
//! | --- | --- |
//! | own detectors | `EMAIL_ADDRESS`, `PHONE_NUMBER`, `CREDIT_CARD`, `IBAN_CODE`, `IP_ADDRESS`, `MAC_ADDRESS`, `CRYPTO`, `DATE_OF_BIRTH` |
//! | United States | `US_SSN`, `US_ITIN`, `US_EIN`, `US_NPI`, `US_MBI`, `MEDICAL_LICENSE`, `ABA_ROUTING_NUMBER`, `US_BANK_NUMBER` |
//! | United Kingdom and Ireland | `UK_NHS`, `UK_NINO`, `UK_UTR`, `UK_SORT_CODE`, `UK_BANK_NUMBER`, `UK_VAT_NUMBER`, `UK_DRIVING_LICENCE`, `IE_PPSN`, `IE_VAT_NUMBER` |
//! | western and southern Europe | `DE_TAX_ID`, `DE_TAX_NUMBER`, `DE_SOCIAL_SECURITY`, `DE_HEALTH_INSURANCE`, `DE_VAT_ID`, `AT_SOCIAL_SECURITY`, `AT_VAT_NUMBER`, `CH_AHV`, `CH_UID`, `FR_NIR`, `FR_TAX_ID`, `FR_SIRET`, `FR_SIREN`, `BE_NRN`, `BE_VAT_NUMBER`, `NL_BSN`, `NL_VAT_NUMBER`, `LU_NATIONAL_ID`, `ES_NIF`, `ES_NIE`, `ES_CIF`, `ES_SOCIAL_SECURITY`, `PT_NIF`, `PT_NISS`, `IT_FISCAL_CODE`, `IT_VAT_CODE`, `GR_AMKA`, `GR_AFM`, `MT_NATIONAL_ID`, `CY_TIN` |
//! | central and eastern Europe | `PL_PESEL`, `PL_NIP`, `PL_REGON`, `PL_IDENTITY_CARD`, `CZ_BIRTH_NUMBER`, `SK_BIRTH_NUMBER`, `CZ_VAT_NUMBER`, `CZ_ICO`, `SK_VAT_NUMBER`, `HU_TAX_ID`, `HU_TAJ`, `HU_PERSONAL_ID`, `RO_CNP`, `BG_EGN`, `BG_PNF`, `HR_OIB`, `HR_VAT_NUMBER`, `SI_EMSO`, `RS_JMBG`, `SI_TAX_ID`, `SI_VAT_NUMBER`, `TR_NATIONAL_ID`, `TR_TAX_ID`, `UA_TAX_ID`, `RU_INN`, `RU_SNILS`, `RU_PASSPORT`, `RU_OGRN` |
//! | Nordic and Baltic states | `SE_PERSONNUMMER`, `SE_ORGANISATIONSNUMMER`, `SE_VAT_NUMBER`, `NO_FODSELSNUMMER`, `NO_ORGANISASJONSNUMMER`, `DK_CPR`, `DK_CVR`, `DK_VAT_NUMBER`, `FI_PERSONAL_IDENTITY_CODE`, `FI_BUSINESS_ID`, `FI_VAT_NUMBER`, `IS_KENNITALA`, `EE_PERSONAL_CODE`, `LT_PERSONAL_CODE`, `LV_PERSONAL_CODE`, `LI_TAX_ID`, `NO_VAT_NUMBER` |
//! | Asia | `IN_PAN`, `IN_AADHAAR`, `IN_GSTIN`, `IN_VOTER`, `SG_NRIC_FIN`, `SG_UEN`, `KR_RRN`, `KR_BRN`, `CN_RESIDENT_ID`, `CN_SOCIAL_CREDIT`, `HK_HKID`, `TW_NATIONAL_ID`, `JP_MY_NUMBER`, `TH_TNIN`, `MY_NRIC`, `ID_NIK`, `ID_NPWP`, `PK_CNIC`, `PH_TIN`, `PH_SSS`, `PH_PHILHEALTH`, `PH_PHILSYS`, `PH_UMID`, `IL_ID`, `AE_EMIRATES_ID`, `SA_NATIONAL_ID`, `VN_CCCD`, `KR_FRN`, `BD_NID` |
//! | the rest of the Americas | `CA_SIN`, `CA_BUSINESS_NUMBER`, `BR_CPF`, `BR_CNPJ`, `BR_PIS`, `BR_CNH`, `BR_RG`, `BR_SUS`, `MX_CURP`, `MX_RFC`, `MX_NSS`, `MX_CLABE`, `AR_CUIT`, `AR_DNI`, `CL_RUT`, `CO_NIT`, `CO_CEDULA`, `PE_DNI`, `PE_RUC`, `EC_CEDULA`, `UY_CI`, `CA_HEALTH` |
//! | Oceania and Africa | `AU_ABN`, `AU_ACN`, `AU_TFN`, `AU_MEDICARE`, `NZ_IRD`, `NZ_NHI`, `ZA_ID_NUMBER`, `NG_NIN`, `NG_BVN`, `KE_NATIONAL_ID`, `KE_KRA_PIN`, `EG_NATIONAL_ID`, `MA_CIN` |
//! | banks | `BIC` |
//! | devices and vehicles | `IMEI`, `IMSI`, `ICCID`, `VIN` |
//! | documents and plates | `US_PASSPORT`, `UK_PASSPORT`, `DE_PASSPORT`, `DE_ID_CARD`, `FR_PASSPORT`, `FR_ID_CARD`, `ES_PASSPORT`, `IT_PASSPORT`, `IT_IDENTITY_CARD`, `IT_DRIVER_LICENSE`, `NL_PASSPORT`, `BE_PASSPORT`, `PL_PASSPORT`, `PT_PASSPORT`, `SE_PASSPORT`, `IN_PASSPORT`, `CA_PASSPORT`, `AU_PASSPORT`, `NZ_PASSPORT`, `JP_PASSPORT`, `KR_PASSPORT`, `CN_PASSPORT`, `BR_PASSPORT`, `MX_PASSPORT`, `TR_PASSPORT`, `PASSPORT`, `US_DRIVER_LICENSE`, `DRIVER_LICENSE`, `IN_DRIVING_LICENCE`, `UK_VEHICLE_REGISTRATION`, `DE_KFZ`, `FR_LICENSE_PLATE`, `IT_LICENSE_PLATE`, `ES_LICENSE_PLATE`, `NL_LICENSE_PLATE`, `PL_LICENSE_PLATE`, `TR_LICENSE_PLATE`, `IN_VEHICLE_REGISTRATION`, `US_LICENSE_PLATE`, `BR_LICENSE_PLATE`, `NG_VEHICLE_REGISTRATION`, `LICENSE_PLATE` |

mod around;
mod candidate;
mod check;
mod context;
mod detect;
mod encoded;
pub mod finding;
mod fold;
mod format;
mod header;
mod letters;
mod list;
pub mod mask;
mod normal;
pub mod own;
mod row;
mod scan;
pub mod secrets;
mod skip;
mod soft_break;
mod spelled;
mod things;
mod way;
pub mod window;

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test fails by panicking")]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use finding::{Finding, Kind, settle};
use own::Own;

/// All types of values that can be found, each once, secrets included.
pub fn types() -> impl Iterator<Item = Kind> {
    // What has a detector of its own.
    const OWN: [&str; 8] = [
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "CREDIT_CARD",
        "IBAN_CODE",
        "IP_ADDRESS",
        "MAC_ADDRESS",
        "CRYPTO",
        "DATE_OF_BIRTH",
    ];
    let formats = detect::formats().map(|format| format.kind);
    let names: BTreeSet<&'static str> =
        OWN.into_iter().chain(formats).chain(secrets::TYPES.map(|kind| kind.0)).collect();
    names.into_iter().map(Kind)
}

/// What an operator looks for beside the built-in types, and what is exempt.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Types that are not looked for.
    pub disabled: Vec<Kind>,
    /// Values that are nobody's, such as addresses of documentation, compared without regard to ASCII case; one
    /// that starts with `@` or `.` exempts every value that ends so.
    pub exempt: Vec<String>,
    /// Types whose values stay as they are: what is in one of those is looked for all the same.
    pub allowed: Vec<Kind>,
    /// The operator's own types.
    pub own: Option<Arc<Own>>,
    /// Whether runs of base 64 are looked into.
    pub base64: bool,
}

impl Settings {
    fn exempts(&self, value: &str) -> bool {
        let ends_with = |end: &str| {
            let tail = value.len().checked_sub(end.len()).and_then(|at| value.get(at..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        self.exempt.iter().any(|own| match own.starts_with(['@', '.']) {
            true => ends_with(own),
            false => value.eq_ignore_ascii_case(own),
        })
    }
}

/// The private values in a text, in order and without overlap; places are in bytes and on character boundaries.
#[must_use]
pub fn find_all(text: &str, settings: &Settings) -> Vec<Finding> {
    find_in(text, settings, settings.base64)
}

fn find_in(text: &str, settings: &Settings, base64: bool) -> Vec<Finding> {
    let normal = normal::normalise(text);
    let mut findings = scan::scan(&normal.text);
    secrets::find(&normal.text, &mut findings);
    if let Some(own) = &settings.own {
        own.find(&normal.text, &mut findings);
    }
    if base64 {
        let first = |decoded: &str| find_in(decoded, settings, false).first().copied();
        encoded::find(&normal.text, first, &mut findings);
    }
    let mut way = normal.way();
    for finding in &mut findings {
        let (start, end) = way.original(finding.start, finding.end);
        finding.start = text.floor_char_boundary(start);
        finding.end = text.ceil_char_boundary(end);
    }
    if !settings.disabled.is_empty() || !settings.exempt.is_empty() {
        findings.retain(|finding| {
            let value = text.get(finding.start..finding.end).unwrap_or_default();
            !settings.disabled.contains(&finding.kind) && !settings.exempts(value)
        });
    }
    if let Some(own) = &settings.own {
        own.give_way(&mut findings, &settings.allowed);
    }
    settle(&mut findings);
    findings
}

/// The private values in texts that a model reads one after the other, such as the parts of a message's content: for
/// each text what [`find_all`] finds in it, and the pieces of values that are split over several.
#[must_use]
pub fn find_across(texts: &[&str], settings: &Settings) -> Vec<Vec<Finding>> {
    let mut found: Vec<Vec<Finding>> = texts.iter().map(|text| find_all(text, settings)).collect();
    if texts.len() < 2 {
        return found;
    }
    let letter = |character: Option<char>| character.is_some_and(char::is_alphabetic);
    let mut joined = String::new();
    let mut starts = Vec::new();
    for text in texts {
        // Two words that only stand next to each other are two.
        if letter(joined.chars().next_back()) && letter(text.chars().next()) {
            joined.push('\n');
        }
        starts.push(joined.len());
        joined.push_str(text);
    }
    let crossing = find_all(&joined, settings);
    for ((text, start), findings) in texts.iter().zip(starts).zip(&mut found) {
        let end = start + text.len();
        let split = crossing.iter().filter(|whole| {
            whole.start < end && whole.end > start && (whole.start < start || whole.end > end)
        });
        findings.extend(split.map(|whole| Finding {
            start: whole.start.saturating_sub(start),
            end: whole.end.min(end) - start,
            ..*whole
        }));
        settle(findings);
    }
    found
}
