//! The picture in front of an organization's name, read and looked at when the settings are.

use std::path::Path;

use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A picture beyond this is none for the top of a page on a phone, in bytes.
const LARGEST: usize = 256 * 1024;
/// One that is written out, as a page does: each version of an organization's settings holds it, and a hundred are kept.
const LARGEST_WRITTEN: usize = 24 * 1024;

/// So many characters are shown of what should be a picture and is none.
const SUMMARY: usize = 40;

/// A picture as browsers show it. Not SVG, in which a script may stand.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    pub bytes: Bytes,
    pub content_type: &'static str,
    /// Names this picture and no other, so that browsers may keep it.
    pub hash: String,
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} bytes", self.content_type, self.bytes.len())
    }
}

impl Logo {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// In plain words, what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::of(bytes).map_err(|why| format!("{} {why}", path.display()))
    }

    /// Reads and checks a picture that is written out: `data:image/png;base64,…`.
    ///
    /// # Errors
    /// In plain words, what is wrong with it.
    pub fn written(text: &str) -> Result<Self, String> {
        let data = text.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
        let (_, data) = data.ok_or("is not a picture written as data:image/png;base64,...")?;
        let bytes = STANDARD.decode(data.trim()).map_err(|_| "is not whole: its base64 cannot be read")?;
        if bytes.len() > LARGEST_WRITTEN {
            let most = LARGEST_WRITTEN / 1024;
            return Err(format!(
                "has {} bytes; at most {most} KiB can be written out: make it smaller, or name it with logo_file in a settings file",
                bytes.len()
            ));
        }
        Self::of(bytes)
    }

    /// What a written picture is, where its text is too long to be read.
    #[must_use]
    pub fn summary(text: &str) -> String {
        match Self::written(text) {
            Ok(logo) => format!("{}, {} B", logo.content_type, logo.bytes.len()),
            Err(_) => format!("{}…", text.chars().take(SUMMARY).collect::<String>()),
        }
    }

    fn of(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() > LARGEST {
            return Err(format!("has {} bytes; at most {LARGEST} are shown on every page", bytes.len()));
        }
        let content_type =
            kind(&bytes).ok_or("is no picture that is shown: a PNG, JPEG or WebP file is needed")?;
        let mut hash = hex::encode(Sha256::digest(&bytes));
        hash.truncate(16);
        Ok(Self { bytes: bytes.into(), content_type, hash })
    }
}

/// By what stands first in such files.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_what_stands_first_in_it() {
        for (bytes, expected) in [
            (b"\x89PNG\r\n\x1a\n rest".to_vec(), Ok("image/png")),
            (b"\xff\xd8\xff\xe0 rest".to_vec(), Ok("image/jpeg")),
            (b"RIFF\0\0\0\0WEBPVP8 ".to_vec(), Ok("image/webp")),
            (b"RIFF\0\0\0\0WAVE".to_vec(), Err("is no picture")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), Err("is no picture")),
            (Vec::new(), Err("is no picture")),
            (vec![0xff; LARGEST + 1], Err("at most")),
        ] {
            match (Logo::of(bytes), expected) {
                (Ok(logo), Ok(expected)) => assert_eq!(logo.content_type, expected),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
                (got, expected) => panic!("{got:?} and not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_written_picture_is_read_and_its_bounds_are_told() {
        let written = |bytes: &[u8]| format!("data:image/png;base64,{}", STANDARD.encode(bytes));
        let png = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0; LARGEST_WRITTEN - 8]].concat();
        assert_eq!(Logo::written(&written(&png)).unwrap().content_type, "image/png");
        assert_eq!(Logo::summary(&written(&png)), "image/png, 24576 B");
        for (text, expected) in [
            (written(&[png, vec![0]].concat()), "at most 24 KiB"),
            (written(b"<svg/>"), "is no picture"),
            ("https://example.org/logo.png".to_owned(), "is not a picture written as"),
            ("data:image/png;base64,%%%".to_owned(), "is not whole"),
        ] {
            assert!(Logo::written(&text).unwrap_err().contains(expected), "{expected}");
            assert!(text.starts_with(Logo::summary(&text).trim_end_matches('…')));
        }
    }
}
