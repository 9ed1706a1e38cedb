//! The texts of the pages for patients and providers: one table per language, complete by construction.
//!
//! A language is one file. A text that is missing there does not compile.

mod advice;
mod english;
mod filled;
mod plural;
mod problems;
mod spanish;
mod spoken;
mod staff;
mod weekdays;

#[cfg(test)]
mod tests;

use vestibule_domain::visit::device_test::TestOutcome;

use super::about::WallClock;
use super::error_page::Reason;
use super::language::Language;
use super::message::MessageKey;

pub use filled::filled;
pub use plural::Plural;
pub use problems::{problem, problem_title, problem_titles, problems};
pub use spoken::{role, test_outcome};
pub use staff::{IndexWords, SignInWords, index_words, sign_in_words};
pub use weekdays::weekday;

/// The fixed texts of the waiting page, the stand-in page and the frame around every page.
pub struct Words {
    pub video_visit: &'static str,
    pub test_environment: &'static str,
    pub title_waiting: &'static str,
    pub title_ready: &'static str,
    pub title_ended: &'static str,
    pub title_cancelled: &'static str,
    pub title_no_longer_valid: &'static str,
    pub promise_patient: &'static str,
    pub promise_provider: &'static str,
    /// Under the message of a visit that was called off.
    pub cancelled_note: &'static str,
    pub ended_note: &'static str,
    pub join_now: &'static str,
    pub while_you_wait: &'static str,
    pub tips: [&'static str; 3],
    pub test_device: &'static str,
    pub test_device_help: &'static str,
    pub opens_new_window: &'static str,
    /// The link to the organization's own help.
    pub help: &'static str,
    pub need_help: &'static str,
    /// No news for a while; the page goes on trying.
    pub connection_lost: &'static str,
    /// Before the number, when the connection is lost for long.
    pub call_meanwhile: &'static str,
    pub joining: &'static str,
    /// Another tab of the same person went in.
    pub joined_elsewhere: &'static str,
    /// The person came back from the meeting, which still runs.
    pub came_back: &'static str,
    /// A join was answered "not any more".
    pub not_any_more: &'static str,
    /// A join found no link at the video service.
    pub no_link_yet: &'static str,
    /// The service does not know this page's ticket any more.
    pub no_longer_valid: &'static str,
    /// Where there are no scripts.
    pub reload_note: &'static str,
    /// A link that loads the page anew.
    pub check_now: &'static str,
    pub stand_in_title: &'static str,
    pub stand_in_text: &'static str,
    pub stand_in_link: &'static str,
    /// On the way to the health record's sign-in.
    pub onward_title: &'static str,
    pub onward_text: &'static str,
    pub onward_button: &'static str,
    /// Behind a guest's link.
    pub guest_title: &'static str,
    pub guest_text: &'static str,
    /// What came out of a device test.
    pub test_passed_title: &'static str,
    pub test_passed_text: &'static str,
    pub test_failed_title: &'static str,
    pub test_failed_text: &'static str,
    pub test_unclear_title: &'static str,
    pub test_unclear_text: &'static str,
    pub test_again: &'static str,
    /// For somebody who came to the test from MyChart,
    pub test_close: &'static str,
    /// and for somebody who came from the waiting page.
    pub test_back: &'static str,
    /// In a frame, in which no test can be shown.
    pub test_stand_in_text: &'static str,
    pub test_stand_in_link: &'static str,
    pub what_to_do: &'static str,
    pub reference: &'static str,
    pub reference_note: &'static str,
}

/// The texts of the provider's page beside the call.
pub struct ToolsWords {
    pub title: &'static str,
    pub people: &'static str,
    pub nobody: &'static str,
    pub who: &'static str,
    pub place: &'static str,
    pub since: &'static str,
    pub provider: &'static str,
    pub patient: &'static str,
    pub proxy: &'static str,
    pub guest: &'static str,
    pub telephone: &'static str,
    pub unidentified: &'static str,
    pub whose: &'static str,
    pub whose_text: &'static str,
    pub whose_device: &'static str,
    pub nobodys: &'static str,
    pub identify: &'static str,
    pub identified: &'static str,
    pub not_here: &'static str,
    pub waiting: &'static str,
    pub in_waiting_room: &'static str,
    pub in_meeting: &'static str,
    pub gone: &'static str,
    pub guests: &'static str,
    pub guests_text: &'static str,
    pub for_whom: &'static str,
    pub invite: &'static str,
    pub link: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub revoke: &'static str,
    pub good_for: &'static str,
    pub dial_in: &'static str,
    pub meeting_id: &'static str,
    pub passcode: &'static str,
    pub number: &'static str,
    pub end: &'static str,
    pub end_text: &'static str,
    pub invited: &'static str,
    pub revoked: &'static str,
    pub ended: &'static str,
    pub too_many_guests: &'static str,
    pub no_meeting: &'static str,
    pub not_yet: &'static str,
}

/// The texts around guests' links that ask for the patient's birth date.
pub struct GuestWords {
    /// In place of [`Words::guest_text`].
    pub question: &'static str,
    pub legend: &'static str,
    pub hint: &'static str,
    pub month: &'static str,
    /// What stands in the list of months before one is chosen.
    pub choose_month: &'static str,
    pub day: &'static str,
    pub year: &'static str,
    pub incomplete: &'static str,
    pub wrong: &'static str,
    /// The title of an error page, and what happened.
    pub link_not_good: (&'static str, &'static str),
    pub link_locked: (&'static str, &'static str),
    pub link_unchecked: (&'static str, &'static str),
    // For the provider.
    pub asks_birth_date: &'static str,
    pub no_birth_date: &'static str,
    pub locked: &'static str,
    pub phone: &'static str,
    pub phone_hint: &'static str,
    pub send_text: &'static str,
    pub texts_sent: &'static str,
    pub no_more_texts: &'static str,
    pub texted: &'static str,
    pub not_texted: &'static str,
    pub maybe_texted: &'static str,
    pub no_phone: &'static str,
    pub no_country: &'static str,
    pub texts_busy: &'static str,
    pub link_gone: &'static str,
}

/// What an error page says about one reason.
pub struct ReasonWords {
    pub title: &'static str,
    pub what_happened: &'static str,
}

/// The advice at the end of an error page.
pub struct Advice {
    /// Close the window and open the visit again, from MyChart, from Epic, or from either.
    pub open_again_patient: &'static str,
    pub open_again_provider: &'static str,
    pub open_again: &'static str,
    /// The same after a short wait.
    pub wait_and_open_patient: &'static str,
    pub wait_and_open_provider: &'static str,
    pub wait_and_open: &'static str,
    /// The link itself is set up wrongly; only the help desk can put it right.
    pub tell_support: &'static str,
    pub own_account: &'static str,
    pub ask_for_another: &'static str,
    pub open_later: &'static str,
    pub call_clinic: &'static str,
    pub nothing: &'static str,
}

pub fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &english::WORDS,
        Language::Spanish => &spanish::WORDS,
    }
}

pub fn tools_words(language: Language) -> &'static ToolsWords {
    match language {
        Language::English => &english::TOOLS,
        Language::Spanish => &spanish::TOOLS,
    }
}

pub fn guest_words(language: Language) -> &'static GuestWords {
    match language {
        Language::English => &english::GUESTS,
        Language::Spanish => &spanish::GUESTS,
    }
}

/// The text message that brings a link.
pub fn invitation(language: Language, organization: &str, link: &str) -> String {
    match language {
        Language::English => english::invitation(organization, link),
        Language::Spanish => spanish::invitation(organization, link),
    }
}

pub fn months(language: Language) -> &'static [&'static str; 12] {
    match language {
        Language::English => &english::MONTHS,
        Language::Spanish => &spanish::MONTHS,
    }
}

pub fn advice(language: Language) -> &'static Advice {
    match language {
        Language::English => &english::ADVICE,
        Language::Spanish => &spanish::ADVICE,
    }
}

pub fn message(language: Language, key: MessageKey) -> &'static str {
    match language {
        Language::English => english::message(key),
        Language::Spanish => spanish::message(key),
    }
}

pub fn video_silent(language: Language, phone: Option<&str>) -> String {
    match language {
        Language::English => english::video_silent(phone),
        Language::Spanish => spanish::video_silent(phone),
    }
}

pub fn will_see_you(language: Language, provider: &str) -> String {
    match language {
        Language::English => english::will_see_you(provider),
        Language::Spanish => spanish::will_see_you(provider),
    }
}

/// How long ago something was, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ago {
    Minutes(i64),
    Hours(i64),
    Days(i64),
}

impl Ago {
    fn of_minutes(minutes: i64) -> Self {
        match minutes {
            ..120 => Self::Minutes(minutes),
            120..2_880 => Self::Hours(minutes / 60),
            _ => Self::Days(minutes / 1_440),
        }
    }
}

pub fn tested(language: Language, outcome: TestOutcome, minutes: i64) -> String {
    let ago = Ago::of_minutes(minutes);
    match language {
        Language::English => english::tested(outcome, ago),
        Language::Spanish => spanish::tested(outcome, ago),
    }
}

pub(super) fn was_moved(language: Language, to: Option<&WallClock>) -> String {
    match language {
        Language::English => english::was_moved(to),
        Language::Spanish => spanish::was_moved(to),
    }
}

pub(super) fn may_come(language: Language, from: Option<&WallClock>) -> String {
    match language {
        Language::English => english::may_come(from),
        Language::Spanish => spanish::may_come(from),
    }
}

pub fn reason(language: Language, reason: Reason) -> ReasonWords {
    match language {
        Language::English => english::reason(reason),
        Language::Spanish => spanish::reason(reason),
    }
}
