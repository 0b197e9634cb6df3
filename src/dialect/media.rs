//! Media types, data URLs and base64, as far as dialects differ in where they put them.

use crate::chat::Source;

/// Reads `data:<media type>;base64,<data>` (RFC 2397), or takes the text for the URL that it is.
pub(super) fn source_of_url(url: String) -> Source {
    match split_data_url(&url) {
        Some((media_type, data)) => {
            Source::Base64 { media_type: registered(media_type).to_owned(), data: data.to_owned() }
        }
        None => {
            let media_type = type_of_name(&url).map(str::to_owned);
            Source::Url { url, media_type }
        }
    }
}

/// Reads the bytes of a file: a data URL, or bare base64 of which the name says the type.
pub(super) fn source_of_file_data(data: String, name: Option<&str>) -> Source {
    match split_data_url(&data) {
        Some((media_type, data)) => {
            Source::Base64 { media_type: registered(media_type).to_owned(), data: data.to_owned() }
        }
        None => {
            let media_type = name.and_then(type_of_name).unwrap_or("application/pdf").to_owned();
            Source::Base64 { media_type, data }
        }
    }
}

/// The registered name of a media type (IANA, "Media Types"); of JPEG many clients write another.
pub(super) fn registered(media_type: &str) -> &str {
    if media_type == "image/jpg" { "image/jpeg" } else { media_type }
}

fn split_data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let head = head.strip_suffix(";base64")?;
    // Parameters of the type, such as its character set, are of no use here.
    let media_type = head.split_once(';').map_or(head, |(media_type, _)| media_type);
    (!media_type.is_empty()).then_some((media_type, data))
}

/// The media type and data as a data URL.
pub(super) fn data_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}

/// Endings of file names with the media types that the dialects between them know.
const ENDINGS: [(&str, &str); 21] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("mp3", "audio/mp3"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mov", "video/quicktime"),
    ("flac", "audio/flac"),
];

/// The media type that the ending of a file's name, or of a URL's path, stands for.
pub(super) fn type_of_name(name: &str) -> Option<&'static str> {
    let path = name.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit_once('.')?;
    let found = ENDINGS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(ending));
    found.map(|(_, media_type)| media_type)
}

/// The short name of a media type, as OpenAI and Bedrock use it: `pdf`, `jpeg`, `mp3`.
pub(super) fn short_name(media_type: &str) -> Option<&'static str> {
    let found = ENDINGS.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(media_type));
    found.map(|(ending, _)| if ending == "jpg" { "jpeg" } else { ending })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes in base64 (RFC 4648, section 4).
pub(super) fn encode_base64(bytes: &[u8]) -> String {
    let digit = |value: u32| ALPHABET.get((value & 63) as usize).copied().map_or('=', char::from);
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut value = 0;
        for index in 0..3 {
            value = value << 8 | u32::from(group.get(index).copied().unwrap_or(0));
        }
        for index in 0..4 {
            let is_there = index <= group.len();
            out.push(if is_there { digit(value >> (18 - 6 * index)) } else { '=' });
        }
    }
    out
}

/// Reads base64 (RFC 4648, section 4), with or without its padding; `None` when it is none.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let mut value = 0_u32;
        for digit in group {
            let index = ALPHABET.iter().position(|letter| letter == digit)?;
            value = value << 6 | u32::try_from(index).ok()?;
        }
        let bits = 6 * u32::try_from(group.len()).ok()?;
        let [_, first, second, third] = (value << (24 - bits)).to_be_bytes();
        out.extend([first, second, third].into_iter().take((bits / 8) as usize));
        if bits == 6 {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn base64_is_as_in_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode_base64(plain.as_bytes()), coded);
            assert_eq!(decode_base64(coded).unwrap(), plain.as_bytes());
        }
        for broken in ["Z", "Zg=g", "Zm9v!", "Zm 9v"] {
            assert_eq!(decode_base64(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_data_url_is_its_bytes() {
        let read = source_of_url("data:text/plain;charset=utf-8;base64,SGk=".to_owned());
        let expected = Source::Base64 { media_type: "text/plain".to_owned(), data: "SGk=".to_owned() };
        assert!(read == expected);
        let read = source_of_url("https://example.com/a.PNG?size=1".to_owned());
        assert!(matches!(read, Source::Url { media_type: Some(kind), .. } if kind == "image/png"));
    }
}
