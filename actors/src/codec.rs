//! How states, commands and updates are written into a store: JSON behind a format number, so that a release can read the one before it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The format that this release writes.
pub const FORMAT: u16 = 1;
/// The oldest format that this release reads.
pub const OLDEST_READ: u16 = 1;

/// Why bytes could not be read. Holds no content, since the content may name people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Written by a release that this one does not know.
    #[error("format {found} is not one of {OLDEST_READ} to {FORMAT}, which this release reads")]
    UnknownFormat {
        /// The number that stands there.
        found: u16,
    },
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
struct Written<'a, T> {
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

/// Writes a value.
///
/// # Errors
/// [`CodecError::Unwritable`] for a value that JSON cannot hold, which the domain's types never are.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    serde_json::to_vec(&Written { f: FORMAT, v: value }).map_err(|_| CodecError::Unwritable)
}

/// Reads a value.
///
/// # Errors
/// [`CodecError`] when the format is unknown or the bytes are damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let FormatOnly { f } = serde_json::from_slice(bytes).map_err(|e| malformed(&e))?;
    if !(OLDEST_READ..=FORMAT).contains(&f) {
        return Err(CodecError::UnknownFormat { found: f });
    }
    let Read { v } = serde_json::from_slice(bytes).map_err(|e| malformed(&e))?;
    Ok(v)
}

fn malformed(error: &serde_json::Error) -> CodecError {
    CodecError::Malformed { line: error.line(), column: error.column() }
}
