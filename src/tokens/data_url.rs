//! The size of an image that a request carries in a data URL (RFC 2397).
//!
//! Reads the head of the file only, as far as formats put their sizes in it: PNG, JPEG, GIF and WebP, which are
//! what OpenAI's API takes. Anything else, and an image at another place, has no size here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::images::Size;

/// The most bytes that are decoded, in characters of base64. A JPEG tells its size behind its metadata, of which
/// one segment has 64 KiB at most.
const LONGEST_HEAD: usize = 256 << 10;

/// The size of the image in `url`, when that is a data URL in base64 of an image that is understood.
pub(super) fn image_size(url: &str) -> Option<Size> {
    let (description, data) = url.strip_prefix("data:")?.split_once(',')?;
    if description.ends_with(";base64") { base64_size(data) } else { None }
}

/// The size of an image whose file is `data` in base64, when it is understood.
pub(super) fn base64_size(data: &str) -> Option<Size> {
    let head = data.as_bytes().get(..LONGEST_HEAD).unwrap_or(data.as_bytes());
    // Four characters are three bytes; what is cut off says nothing.
    let whole = head.get(..head.len() / 4 * 4)?;
    let size = imagesize::blob_size(&STANDARD.decode(whole).ok()?).ok()?;
    Some(Size { width: u32::try_from(size.width).ok()?, height: u32::try_from(size.height).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(file: &[u8]) -> String {
        format!("data:image/any;base64,{}", STANDARD.encode(file))
    }

    /// The heads of files as their formats describe them: PNG (RFC 2083, section 4.1.1), GIF89a (section 18), WebP
    /// (RFC 9649, section 2.5), JPEG (ITU-T T.81, annex B.2.2) behind a long comment.
    #[test]
    fn the_size_is_what_the_head_of_the_file_says() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\0\0\0\x03\0\x08\x06\0\0\0\0\0\0\0";
        let gif = b"GIF89a\x40\x01\xc8\0\0\0\0";
        let webp = b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x02\xe0\x01\0\0\0\0";
        let mut jpeg = b"\xff\xd8\xff\xfe\x9c\x42".to_vec();
        jpeg.resize(4 + 0x9c42, b'.');
        jpeg.extend_from_slice(
            b"\xff\xc0\0\x11\x08\x02\x58\x03\x20\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda",
        );
        for (file, width, height) in
            [(&png[..], 1024, 768), (&gif[..], 320, 200), (&webp[..], 640, 480), (&jpeg[..], 800, 600)]
        {
            assert_eq!(image_size(&url(file)), Some(Size { width, height }));
        }
    }

    #[test]
    fn what_is_no_image_in_a_data_url_has_no_size() {
        for other in [
            "",
            "https://example.com/a.png",
            "data:image/png,%89PNG",
            "data:image/png;base64,",
            "data:image/png;base64,????",
            "data:image/png;base64,iVBORw0KGgo=",
        ] {
            assert_eq!(image_size(other), None, "{other}");
        }
    }
}
