//! What a page showed when somebody pressed its button, which may be open for long.

use vestibule_domain::id::MeetingId;

/// Whether a form was sent by a page that showed another meeting. One that names none is about whichever there is.
pub fn is_another_meeting(shown: &str, meeting: MeetingId) -> bool {
    let shown = shown.trim();
    !shown.is_empty() && shown != meeting.to_string()
}
