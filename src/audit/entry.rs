//! One entry as it is kept, and what shows that a run of them is whole.
//!
//! An entry is a line of JSON whose last field is the SHA-256 of the line without it. Lines are kept and handed out as they were written,
//! so that a hash never depends on how somebody writes JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The hash before the first entry of a chain.
pub(super) const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH: &str = ",\"hash\":\"";

/// What somebody did, before it has its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// In a few words joined by `_`: `visit_viewed`, `signed_in`.
    pub action: String,
    /// `done`, or why not: a code.
    pub outcome: String,
    /// As in the settings; absent for what concerns no organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Epic's contact serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csn: Option<String>,
    /// Epic's conference id, for a group visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conference_id: Option<String>,
    /// Zoom's meeting id, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<String>,
    /// Under which name of the settings they came; absent where nobody was let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, in the words of whoever acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The address at the other end of the connection, which behind a proxy is the proxy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Finds the request in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// A deed with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// From 1, without gaps.
    pub seq: u64,
    /// Drawn for this entry, so that one whose writing was in doubt is not written twice.
    pub id: String,
    /// When it was done, by the clock of the node.
    pub at: Timestamp,
    /// Which node.
    pub node: String,
    #[serde(flatten)]
    pub deed: Deed,
    /// The hash of the entry before.
    pub prev: String,
}

/// Where a run of entries begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    pub first: u64,
    pub last: u64,
    /// The hash of the last entry.
    pub hash: String,
}

/// What is wrong with a run of entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("line {line} is no entry of an audit")]
    Unreadable { line: usize },
    #[error("the entry {seq} was changed: its hash is not that of its words")]
    Changed { seq: u64 },
    #[error("after the entry {after} comes {found}: entries are missing, doubled or in another order")]
    OutOfPlace { after: u64, found: u64 },
    #[error("the entry {seq} does not follow the one before it: one of them was put in its place later")]
    NotFollowing { seq: u64 },
    #[error("what stands at the end of the chain is no entry of an audit")]
    NoNewest,
}

impl Kept {
    /// The line to keep, and its hash.
    ///
    /// # Errors
    /// Never for what an entry can hold; a text that could not be written would be a mistake in the program.
    pub(super) fn line(&self) -> Result<(String, String), serde_json::Error> {
        let body = serde_json::to_string(self)?;
        let hash = hash_of(&body);
        let open = body.strip_suffix('}').unwrap_or(&body);
        Ok((format!("{open}{HASH}{hash}\"}}"), hash))
    }

    /// Reads a line back, with its hash; none where it is no entry, or not in the words that its hash was made of.
    pub fn of_line(line: &str) -> Option<(Self, String, bool)> {
        let (open, hash) = line.strip_suffix("\"}")?.rsplit_once(HASH)?;
        let body = format!("{open}}}");
        let kept = serde_json::from_str(&body).ok()?;
        Some((kept, hash.to_owned(), hash_of(&body) == hash))
    }
}

fn hash_of(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes()))
}

/// Whether a run of entries is whole. It may begin anywhere, since what is past its retention leaves; after `before`, where that is known.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify<'a>(
    lines: impl IntoIterator<Item = &'a str>,
    before: Option<Sound>,
) -> Result<Option<Sound>, Broken> {
    let mut sound = before;
    for (number, line) in lines.into_iter().enumerate() {
        let unreadable = Broken::Unreadable { line: number.saturating_add(1) };
        let (kept, hash, intact) = Kept::of_line(line).ok_or(unreadable)?;
        if !intact {
            return Err(Broken::Changed { seq: kept.seq });
        }
        if let Some(before) = &sound {
            if kept.seq != before.last.saturating_add(1) {
                return Err(Broken::OutOfPlace { after: before.last, found: kept.seq });
            }
            if kept.prev != before.hash {
                return Err(Broken::NotFollowing { seq: kept.seq });
            }
        } else if kept.seq == 1 && kept.prev != FIRST {
            return Err(Broken::NotFollowing { seq: 1 });
        }
        let first = sound.as_ref().map_or(kept.seq, |sound| sound.first);
        sound = Some(Sound { first, last: kept.seq, hash });
    }
    Ok(sound)
}
