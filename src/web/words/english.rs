//! The English texts.

use super::{Advice, Ago, GuestWords, ReasonWords, ToolsWords, Words};
use vestibule_domain::visit::device_test::TestOutcome;

use crate::web::about::WallClock;
use crate::web::error_page::Reason;
use crate::web::message::MessageKey;

pub static WORDS: Words = Words {
    video_visit: "Video visit",
    test_environment: "Test environment. Not for real visits.",
    title_waiting: "Waiting for your video visit",
    title_ready: "You can join your video visit",
    title_ended: "Your video visit has ended",
    title_cancelled: "Your video visit was cancelled",
    title_no_longer_valid: "This page has expired",
    promise_patient: "Keep this page open. You will join automatically when the host is ready.",
    promise_provider: "Keep this page open. Your meeting opens here automatically.",
    cancelled_note: "You can close this page. If you have a question about your appointment, call your clinic.",
    ended_note: "You can close this page. If the visit goes on, this page will let you in again.",
    join_now: "Join now",
    while_you_wait: "While you wait",
    tips: [
        "Find a quiet place with good light.",
        "If you are asked, allow your camera and microphone.",
        "On a phone, plug in the charger and keep the screen on.",
    ],
    test_device: "Test your camera and microphone",
    test_device_help: "Help with the test",
    opens_new_window: "(opens a new window)",
    help: "Help",
    need_help: "Need help? Call",
    connection_lost: "The connection is interrupted. This page keeps trying, and you keep your place.",
    call_meanwhile: "If it stays so, call",
    joining: "Opening your video visit…",
    joined_elsewhere: "Your visit was opened in another window. You can also join here.",
    came_back: "Your visit is going on. If you are not in it, you can join again.",
    not_any_more: "It is not quite time yet. This page keeps waiting for you.",
    no_link_yet: "The video service does not answer at the moment. This page keeps trying.",
    no_longer_valid: "This page has expired. Close it and open the visit again from where you started it.",
    reload_note: "This page checks again every 20 seconds.",
    check_now: "Check now",
    stand_in_title: "Your meeting is ready",
    stand_in_text: "The meeting opens in a window of its own.",
    stand_in_link: "Open the meeting",
    onward_title: "Opening your visit",
    onward_text: "One moment, please. If nothing happens, press the button.",
    onward_button: "Continue",
    guest_title: "You are invited to a video visit",
    guest_text: "Press the button when you are ready. You wait on the next page until the host lets you in.",
    test_passed_title: "Your device is ready",
    test_passed_text: "The test went well. Your clinic can see that.",
    test_failed_title: "Something does not work yet",
    test_failed_text: "The test found a problem, for example with your camera, your microphone or the connection. You can test again. You can join your visit all the same.",
    test_unclear_title: "We cannot tell how the test went",
    test_unclear_text: "The test did not give us a clear result. You can test again, or join your visit when it is time.",
    test_again: "Test again",
    test_close: "You can close this window and go back to MyChart.",
    test_back: "Back to your visit",
    test_stand_in_text: "The test opens in a window of its own.",
    test_stand_in_link: "Open the test",
    what_to_do: "What you can do",
    reference: "Reference",
    reference_note: "If you ask for help, please give this reference.",
};

pub static TOOLS: ToolsWords = ToolsWords {
    title: "Visit tools",
    people: "Who is here",
    nobody: "Nobody has come yet.",
    who: "Person",
    place: "Where",
    since: "Since",
    provider: "Provider",
    patient: "Patient",
    proxy: "Family member",
    guest: "Guest",
    telephone: "Telephone",
    unidentified: "Not identified",
    whose: "Who is this?",
    whose_text: "Zoom does not say who these are. If you know, say so: then your schedule shows that they are here.",
    whose_device: "This is",
    nobodys: "I do not know",
    identify: "Save",
    identified: "Saved.",
    not_here: "They have left in the meantime.",
    waiting: "Waiting",
    in_waiting_room: "In the waiting room",
    in_meeting: "In the meeting",
    gone: "Not here",
    guests: "Guests",
    guests_text: "A link lets one person, such as an interpreter, into this visit. Send it only to that person.",
    for_whom: "For whom",
    invite: "Make a link",
    link: "Link for the guest",
    copy: "Copy",
    copied: "Copied",
    revoke: "Take the link back",
    good_for: "Good for",
    dial_in: "By telephone",
    meeting_id: "Meeting ID",
    passcode: "Passcode",
    number: "Number",
    end: "End the meeting for everyone",
    end_text: "Everybody leaves the meeting at once.",
    invited: "The link is ready. Send it to your guest.",
    revoked: "The link has been taken back.",
    ended: "The meeting is being ended for everyone.",
    too_many_guests: "This visit has as many open links as it can. Take one back first.",
    no_meeting: "There is no meeting yet.",
    not_yet: "This takes longer than usual. Please look again in a moment.",
};

pub static ADVICE: Advice = Advice {
    open_again_patient: "Close this window and open the visit again from MyChart.",
    open_again_provider: "Close this window and open the visit again from Epic.",
    open_again: "Close this window and open the visit again from MyChart or Epic.",
    wait_and_open_patient: "Wait a minute, close this window and open the visit again from MyChart.",
    wait_and_open_provider: "Wait a minute, close this window and open the visit again from Epic.",
    wait_and_open: "Wait a minute, close this window and open the visit again from MyChart or Epic.",
    tell_support: "Please tell your help desk or clinic, and give the reference below. Trying again will not help.",
    own_account: "Close this window, make sure that you are signed in as yourself, and open your own visit again.",
    ask_for_another: "Ask the person who invited you for a new link.",
    open_later: "Close this window and open the visit again from MyChart when it is time.",
    call_clinic: "Please call your clinic. They can open the visit for you, or find another time.",
    nothing: "You can close this window.",
};

pub fn message(key: MessageKey) -> &'static str {
    match key {
        MessageKey::WaitingForHost => "Please wait for the host to start this meeting",
        MessageKey::MeetingBeingPrepared => "Your provider is here. The meeting is being prepared.",
        MessageKey::NoWayIn => {
            "Your provider is here, but we cannot open your way into the meeting. Please open the visit again from where you started it. If this message stays, call your clinic."
        }
        MessageKey::OpeningMeeting => "Your meeting is being opened. This takes a moment.",
        MessageKey::OpeningTakesLonger => "Opening your meeting takes longer than usual. We keep trying.",
        MessageKey::MeetingNotOpened => {
            "Your meeting could not be opened. Please close this page and start the visit again from Epic."
        }
        MessageKey::NotTakenAsHost => {
            "Zoom does not accept you as a host of this meeting. Please tell your help desk that your Zoom account may have no license, and start the visit again from Epic afterwards."
        }
        MessageKey::NoZoomSeat => {
            "Zoom has no free license for you, so you cannot start this visit. Please tell your help desk, and start the visit again from Epic afterwards."
        }
        MessageKey::ZoomInvitationOpen => {
            "You have an invitation to Zoom that you have not accepted yet. Please accept it in your email, and start the visit again from Epic afterwards."
        }
        MessageKey::ZoomUserInactive => {
            "Your Zoom account is deactivated, so you cannot start this visit. Please tell your help desk, and start the visit again from Epic afterwards."
        }
        MessageKey::ZoomUserForeign => {
            "Your email address belongs to a Zoom account outside of this organization, so you cannot start this visit. Please tell your help desk, and start the visit again from Epic afterwards."
        }
        MessageKey::NoDefaultHost => {
            "You have no Zoom account of your own that can be used, and everybody who can host for you is busy. Please start the visit again from Epic in a few minutes, or tell your help desk."
        }
        MessageKey::YouCanJoin => "The host is here. You can join now.",
        MessageKey::GoingToWaitingRoom => {
            "The host is here. You go to the waiting room and will be let in from there."
        }
        MessageKey::NotYetTime => "You are early. Your visit opens closer to its time.",
        MessageKey::VisitEnded => "This visit has ended.",
        MessageKey::VisitCancelled => "This visit was cancelled.",
        MessageKey::ConnectionTrouble => {
            "We are having trouble reaching your visit. Please stay on this page."
        }
    }
}

pub static MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub fn video_silent(phone: Option<&str>) -> String {
    let tried = "The video service does not answer at the moment. We keep trying.";
    phone.map_or_else(|| tried.to_owned(), |phone| format!("{tried} If it takes long, call {phone}."))
}

pub fn will_see_you(provider: &str) -> String {
    format!("{provider} will see you.")
}

pub fn tested(outcome: TestOutcome, ago: Ago) -> String {
    let outcome = match outcome {
        TestOutcome::Passed => "passed",
        TestOutcome::Failed => "failed",
        TestOutcome::Unclear => "without a clear result",
    };
    let ago = match ago {
        Ago::Minutes(minutes) => format!("{minutes} min"),
        Ago::Hours(hours) => format!("{hours} h"),
        Ago::Days(days) => format!("{days} days"),
    };
    format!("Device test {outcome}, {ago} ago")
}

pub fn was_moved(to: Option<&WallClock>) -> String {
    let to = to.map_or_else(|| "a later time".to_owned(), time);
    format!("This visit was moved to {to}.")
}

const NO_DEVICE_TEST: (&str, &str) = (
    "There is no device test here",
    "Your clinic has no page to test camera and microphone. You can join your visit all the same.",
);

const VISIT_CANCELLED: (&str, &str) = (
    "This visit was cancelled",
    "The appointment of this visit does not stand any more. If that is a mistake, the visit can be opened again as soon as the appointment has been put right.",
);

pub fn may_come(from: Option<&WallClock>) -> String {
    from.map_or_else(
        || "You can come in shortly before your appointment.".to_owned(),
        |from| format!("You can come in from {} on.", time(from)),
    )
}

fn time(at: &WallClock) -> String {
    let (hour, minute, past_noon) = at.twelve();
    let half = if past_noon { "PM" } else { "AM" };
    let clock = format!("{hour}:{minute:02} {half} {}", at.zone);
    let day = at.day.and_then(|(month, day)| Some((MONTHS.get(month.checked_sub(1)?)?, day)));
    day.map_or_else(|| clock.clone(), |(month, day)| format!("{month} {day} at {clock}"))
}

#[expect(clippy::too_many_lines, reason = "a table with a row for each reason")]
pub fn reason(reason: Reason) -> ReasonWords {
    let (title, what_happened) = match reason {
        Reason::UnknownOrganization => {
            ("We do not know this organization", "The link names a health system that is not set up here.")
        }
        Reason::NotFound => ("This page does not exist", "The address does not lead to anything here."),
        Reason::ForeignServer => (
            "This visit comes from an unknown system",
            "The link was opened from a system that is not set up here.",
        ),
        Reason::WrongEnvironment => (
            "Test and live systems do not fit",
            "The visit was opened from a test system for a live one, or the other way round.",
        ),
        Reason::IdentityNotConfirmed => (
            "We could not confirm who you are",
            "The sign-in that came with this visit could not be checked.",
        ),
        Reason::RoleMismatch => (
            "This link is for someone else",
            "Providers and patients have links of their own, and this one is not meant for you.",
        ),
        Reason::OtherPatient => ("This is not your visit", "The visit belongs to another patient."),
        Reason::MissingVisitContext => {
            ("We cannot tell which visit this is", "The link did not say which appointment it belongs to.")
        }
        Reason::MissingAccountId => (
            "This link is incomplete",
            "The link must carry the organization's account id (acc_id), and it does not.",
        ),
        Reason::LaunchNotServed => (
            "This kind of visit is not offered here",
            "The link opens a kind of visit that this service does not offer yet.",
        ),
        Reason::LinkUsedOrExpired => (
            "This link has expired",
            "For your safety, each link works once and only for a short time, in the browser that opened it.",
        ),
        Reason::LinkUnreadable => ("This link cannot be read", "The link is damaged or no longer valid."),
        Reason::LinkTooOld => {
            ("This link has expired", "The link to a visit works only for a while, and that time has passed.")
        }
        Reason::LinkWithoutTime => {
            ("This link is incomplete", "The link must say when it is from, and it does not.")
        }
        Reason::NoLaunchKey => {
            ("This link cannot be used here", "It is encrypted, and its key has not been set up here.")
        }
        Reason::NoDeviceTest => NO_DEVICE_TEST,
        Reason::EpicNotAnswering => {
            ("We cannot reach the health record", "The health record system does not answer at the moment.")
        }
        Reason::ZoomNotAnswering => {
            ("We cannot open the meeting", "The video service does not answer at the moment.")
        }
        Reason::Overloaded => ("We are very busy", "Too many people are opening visits at this moment."),
        Reason::VisitOver => ("This visit is over", "The time for this visit has passed."),
        Reason::GuestLinkNotGood => GUESTS.link_not_good,
        Reason::GuestLinkLocked => GUESTS.link_locked,
        Reason::GuestLinkUnchecked => GUESTS.link_unchecked,
        Reason::VisitCancelled => VISIT_CANCELLED,
        Reason::TooEarly => {
            ("It is too early for this visit", "The visit opens shortly before the time of your appointment.")
        }
        Reason::TooLate => (
            "The time for this visit has passed",
            "The visit can no longer be joined, since its appointment was some time ago.",
        ),
        Reason::NotThisBrowser => (
            "This page belongs to another browser",
            "A waiting page works only in the browser in which the visit was opened.",
        ),
        Reason::NotSignedIn => ("Please sign in", "This page is for the people who run the service."),
        Reason::SomethingWentWrong => ("Something went wrong", "This was our mistake, not yours."),
    };
    ReasonWords { title, what_happened }
}

pub static GUESTS: GuestWords = GuestWords {
    question: "Before you go on, please tell us when the patient was born. You wait on the next page until the host lets you in.",
    legend: "The patient's date of birth",
    hint: "The date of the person whose visit it is, not your own.",
    month: "Month",
    choose_month: "Choose a month",
    day: "Day",
    year: "Year (4 digits)",
    incomplete: "Please give the month, the day and the year with 4 digits.",
    link_not_good: ("This invitation is no longer valid", "The link has run out, or it was taken back."),
    link_locked: (
        "This invitation is locked",
        "A date of birth that is not the patient's was given too often.",
    ),
    link_unchecked: (
        "This invitation cannot be opened",
        "The link asks for the patient's date of birth, and we cannot check it at the moment.",
    ),
    wrong: "That is not the date of birth that we have for the patient. Please check it and try again.",
    asks_birth_date: "Whoever opens it is asked for the patient's date of birth.",
    no_birth_date: "No link can be made: links ask for the patient's date of birth, and Epic has not told it. Close this page and open it again from the patient's own appointment. If this stays, tell your help desk.",
    locked: "Locked: a wrong date of birth was given too often. Take this link back and make a new one.",
    phone: "Mobile number",
    phone_hint: "The number goes to your organization's text message service and is not kept here.",
    send_text: "Send by text message",
    texts_sent: "Text messages so far:",
    no_more_texts: "No more text messages can be sent with this link. Copy it, or make a new one.",
    texted: "The text message was sent.",
    not_texted: "The text message was not sent. Try again later, or copy the link and send it yourself. If this stays, tell your help desk and give the reference.",
    maybe_texted: "The text message may have been sent: the service did not answer in time. Ask your guest before you send it again.",
    no_phone: "That is not a mobile number. Nothing was sent.",
    no_country: "Please give the number with + and the country code, such as +1 312 555 0123. Nothing was sent.",
    texts_busy: "Too many text messages are being sent at the moment. Nothing was sent; try again in a minute.",
    link_gone: "This link is not good any more. Nothing was sent.",
};

pub fn invitation(organization: &str, link: &str) -> String {
    format!("{organization}: you are invited to a video visit. Open this link when it is time: {link}")
}
