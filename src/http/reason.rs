//! The reason that whoever acts gives, for the audit.

use super::problem::ApiError;

/// A reason has so many characters.
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=200;

/// A reason without the blanks around it.
///
/// # Errors
/// [`ApiError::NoReason`] where it says nothing, or could not stand on a line.
pub(super) fn checked(text: &str) -> Result<&str, ApiError> {
    let reason = text.trim();
    // What was no UTF-8 has this character in its place.
    let is_odd = |letter: char| letter.is_control() || letter == char::REPLACEMENT_CHARACTER;
    let fits = CHARACTERS.contains(&reason.chars().count()) && !reason.chars().any(is_odd);
    fits.then_some(reason).ok_or(ApiError::NoReason)
}
