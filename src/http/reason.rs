//! The reason that whoever acts gives, for the audit.

use super::problem::ApiError;

/// A reason has so many characters.
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=200;

/// A reason without the blanks around it.
///
/// # Errors
/// [`ApiError::BadRequest`] where it says nothing, or could not stand on a line.
pub(super) fn checked(text: &str) -> Result<&str, ApiError> {
    let reason = text.trim();
    let fits = CHARACTERS.contains(&reason.chars().count()) && !reason.chars().any(char::is_control);
    let what = "say why, in `reason`: 3 to 200 characters on one line, and no name of a patient";
    fits.then_some(reason).ok_or_else(|| ApiError::BadRequest(what.to_owned()))
}
