//! From the text in a link to the bytes that were encrypted, through the damage that such texts take on their way: a `+` that nobody
//! escaped became a blank, a `%2B` was escaped twice, the padding was dropped, another alphabet was used, blanks came around it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::percent_decode_str;

/// A longer text is not looked at. Payloads have a few hundred characters, in the plainest case.
const MOST_CHARACTERS: usize = 8_192;
/// How often a text may have been escaped beyond what a query is.
const MOST_ESCAPES: usize = 2;
/// How many of the blanks at one end are taken for lost `+`.
const MOST_PLUSES: usize = 3;
const BLOCK: usize = 16;

/// The bytes that the text may stand for: whole blocks, and one at least. A blank at an end may have been a `+` or not belong to the text,
/// so that there are several; most have not the length of whole blocks.
pub(super) fn readings(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let text = if text.len() <= MOST_CHARACTERS { unescaped(text) } else { String::new() };
    let text: String = text.chars().filter(|letter| *letter == ' ' || !letter.is_whitespace()).collect();
    let inner = plain_alphabet(text.trim());
    let pluses = |rest: &str| (text.len() - rest.len()).min(MOST_PLUSES);
    let (before, after) = (pluses(text.trim_start()), pluses(text.trim_end()));
    let ends = (0..=before).flat_map(move |before| (0..=after).map(move |after| (before, after)));
    ends.filter_map(move |(before, after)| {
        let reading = format!("{}{inner}{}", "+".repeat(before), "+".repeat(after));
        let bytes = STANDARD_NO_PAD.decode(reading).ok()?;
        (!bytes.is_empty() && bytes.len().is_multiple_of(BLOCK)).then_some(bytes)
    })
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MOST_ESCAPES {
        if !text.contains('%') {
            break;
        }
        text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    text
}

fn plain_alphabet(text: &str) -> String {
    let letter = |letter: char| match letter {
        ' ' | '-' => '+',
        '_' => '/',
        other => other,
    };
    text.trim_end_matches('=').chars().map(letter).collect()
}
