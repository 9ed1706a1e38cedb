//! How states, commands and updates are written into a store: behind a format number, so that a release can read the one before it.
//!
//! Format 1 is JSON that names its number. Format 2 begins with its number as a byte; the same JSON follows, compressed where that pays: a
//! visit with many people is mostly names of fields. Format 3 is either of these sealed by a store that has keys: it opens what it gives
//! out, so that nothing here ever reads one.
//!
//! A release reads its own format and the one before, and writes the one before until it is told otherwise. So nodes of two releases
//! work on one store during a deploy, and the older release can be put back; once all are new and will stay, they are told.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The newest format that this release reads.
pub const NEWEST_READ: u16 = 3;
/// The oldest format that this release reads.
pub const OLDEST_READ: u16 = 1;

/// JSON is compressed from so many bytes on; below, little is won.
const COMPRESSED_FROM: usize = 1_024;
/// Nothing that is written is so long, in bytes; what claims to be is damaged.
const LONGEST: usize = 64 << 20;

/// The first byte of what a store has sealed; what follows is the store's own.
pub const SEALED: u8 = 3;

/// The first byte of [`Format::Newest`].
const SECOND: u8 = 2;
/// Then JSON as it is.
const PLAIN: u8 = 0;
/// Then its length as four bytes, the least first, and the JSON in a block of LZ4.
const COMPRESSED: u8 = 1;
/// First bytes up to this are numbers of formats; no text begins so.
const LAST_NUMBER: u8 = 31;

/// Which format is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// The one of the release before, which reads it too.
    #[default]
    Previous,
    /// The one that only this release and later ones read.
    Newest,
}

/// Why bytes could not be read. Holds no content, since the content may name people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Written by a release that this one does not know.
    #[error("format {found} is not one of {OLDEST_READ} to {NEWEST_READ}, which this release reads")]
    UnknownFormat {
        /// The number that stands there.
        found: u16,
    },
    /// Sealed, and handed on by a store that could not open it.
    #[error(
        "it is sealed under a key that store.sealing_keys does not have, or was changed; put that key back"
    )]
    Sealed,
    /// Not what the format promises.
    #[error("the bytes do not hold what their format promises (line {line}, column {column})")]
    Malformed {
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// A value that JSON cannot hold.
    #[error("the value cannot be written")]
    Unwritable,
}

#[derive(Serialize)]
struct First<'a, T> {
    f: u16,
    v: &'a T,
}

#[derive(Deserialize)]
struct FormatOnly {
    f: u16,
}

#[derive(Deserialize)]
struct Read<T> {
    v: T,
}

impl Format {
    /// Its number.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Previous => 1,
            Self::Newest => 2,
        }
    }

    /// Writes a value.
    ///
    /// # Errors
    /// [`CodecError::Unwritable`] for a value that JSON cannot hold, which the domain's types never are.
    pub fn encode<T: Serialize>(self, value: &T) -> Result<Vec<u8>, CodecError> {
        let unwritable = |_| CodecError::Unwritable;
        if self == Self::Previous {
            return serde_json::to_vec(&First { f: self.number(), v: value }).map_err(unwritable);
        }
        let json = serde_json::to_vec(value).map_err(unwritable)?;
        let (how, body) = if json.len() < COMPRESSED_FROM {
            (PLAIN, json)
        } else {
            (COMPRESSED, lz4_flex::block::compress_prepend_size(&json))
        };
        let mut written = Vec::with_capacity(body.len() + 2);
        written.extend([SECOND, how]);
        written.extend(body);
        Ok(written)
    }
}

/// Reads a value.
///
/// # Errors
/// [`CodecError`] when the format is unknown or the bytes are damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match bytes {
        [SECOND, PLAIN, json @ ..] => serde_json::from_slice(json).map_err(|e| malformed(&e)),
        [SECOND, COMPRESSED, body @ ..] => {
            serde_json::from_slice(&decompressed(body).ok_or(DAMAGED)?).map_err(|e| malformed(&e))
        }
        [SECOND, ..] => Err(DAMAGED),
        [SEALED, ..] => Err(CodecError::Sealed),
        [number @ ..=LAST_NUMBER, ..] => Err(CodecError::UnknownFormat { found: u16::from(*number) }),
        text => {
            let FormatOnly { f } = serde_json::from_slice(text).map_err(|e| malformed(&e))?;
            if f != Format::Previous.number() {
                return Err(CodecError::UnknownFormat { found: f });
            }
            let Read { v } = serde_json::from_slice(text).map_err(|e| malformed(&e))?;
            Ok(v)
        }
    }
}

fn decompressed(body: &[u8]) -> Option<Vec<u8>> {
    let (length, block) = lz4_flex::block::uncompressed_size(body).ok()?;
    if length > LONGEST {
        return None;
    }
    lz4_flex::block::decompress(block, length).ok()
}

/// Damage of which no place in a text can be told.
const DAMAGED: CodecError = CodecError::Malformed { line: 0, column: 0 };

fn malformed(error: &serde_json::Error) -> CodecError {
    CodecError::Malformed { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(length: usize) -> Vec<String> {
        vec!["a field of which there are many".to_owned(); length]
    }

    #[test]
    fn both_formats_are_read_whatever_the_length() {
        for format in [Format::Previous, Format::Newest] {
            for length in [0, 1, 100, 10_000] {
                let written = format.encode(&value(length)).unwrap();
                assert_eq!(decode::<Vec<String>>(&written), Ok(value(length)), "{format:?} of {length}");
            }
        }
    }

    #[test]
    fn the_newest_is_small_where_there_is_much() {
        let lengths =
            [Format::Previous, Format::Newest].map(|format| format.encode(&value(500)).unwrap().len());
        assert!(lengths[1] * 20 < lengths[0], "{lengths:?}");
    }

    #[test]
    fn formats_of_later_releases_are_told_by_their_number() {
        let unknown = |found| Err(CodecError::UnknownFormat { found });
        assert_eq!(decode::<Vec<String>>(br#"{"f":99,"v":[]}"#), unknown(99));
        assert_eq!(decode::<Vec<String>>(br#"{"f":2,"v":[]}"#), unknown(2));
        assert_eq!(decode::<Vec<String>>(&[4, 0, 1, 2]), unknown(4));
        assert_eq!(decode::<Vec<String>>(&[SEALED, 0, 1, 2]), Err(CodecError::Sealed));
    }

    #[test]
    fn damage_is_an_error_and_costs_no_memory() {
        let good = Format::Newest.encode(&value(500)).unwrap();
        for cut in 0..good.len() {
            assert!(decode::<Vec<String>>(&good[..cut]).is_err(), "{cut} bytes of {}", good.len());
        }
        let claims_four_gigabytes = [SECOND, COMPRESSED, 255, 255, 255, 255, 0];
        assert_eq!(decode::<Vec<String>>(&claims_four_gigabytes), Err(DAMAGED));
        assert_eq!(decode::<Vec<String>>(&[SECOND, 7]), Err(DAMAGED));
        assert!(decode::<Vec<String>>(b"garbage").is_err());
    }
}
