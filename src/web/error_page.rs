//! The error page for a person: plain words for one of a few reasons, a reference, and what to do.

use askama::Template;

use super::about::ClockTime;
use super::language::Language;
use super::letterhead::Letterhead;
use super::words::{self, ReasonWords, Words, words};

/// Why a person does not get what they opened. No other text reaches the page, least of all Epic's or Zoom's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    UnknownOrganization,
    NotFound,
    ForeignServer,
    WrongEnvironment,
    IdentityNotConfirmed,
    RoleMismatch,
    OtherPatient,
    MissingVisitContext,
    MissingAccountId,
    LaunchNotServed,
    LinkUsedOrExpired,
    LinkUnreadable,
    LinkTooOld,
    LinkWithoutTime,
    NoLaunchKey,
    NoDeviceTest,
    EpicNotAnswering,
    ZoomNotAnswering,
    Overloaded,
    VisitOver,
    GuestLinkNotGood,
    GuestLinkLocked,
    GuestLinkUnchecked,
    VisitCancelled,
    /// The patient's side comes long before the appointment.
    TooEarly,
    /// And for the first time long after it.
    TooLate,
    NotThisBrowser,
    NotSignedIn,
    SomethingWentWrong,
}

/// Where the person came from, as far as the launch told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Patients, proxies and guests, who come from MyChart.
    Patient,
    /// Providers, who come from Epic.
    Provider,
    #[default]
    Unknown,
}

enum Remedy {
    OpenAgain,
    WaitAndOpen,
    TellSupport,
    OwnAccount,
    AskForAnother,
    OpenLater,
    CallClinic,
    Nothing,
}

impl Reason {
    pub const ALL: [Reason; 29] = [
        Reason::UnknownOrganization,
        Reason::NotFound,
        Reason::ForeignServer,
        Reason::WrongEnvironment,
        Reason::IdentityNotConfirmed,
        Reason::RoleMismatch,
        Reason::OtherPatient,
        Reason::MissingVisitContext,
        Reason::MissingAccountId,
        Reason::LaunchNotServed,
        Reason::LinkUsedOrExpired,
        Reason::LinkUnreadable,
        Reason::LinkTooOld,
        Reason::LinkWithoutTime,
        Reason::NoLaunchKey,
        Reason::NoDeviceTest,
        Reason::EpicNotAnswering,
        Reason::ZoomNotAnswering,
        Reason::Overloaded,
        Reason::VisitOver,
        Reason::GuestLinkNotGood,
        Reason::GuestLinkLocked,
        Reason::GuestLinkUnchecked,
        Reason::VisitCancelled,
        Reason::TooEarly,
        Reason::TooLate,
        Reason::NotThisBrowser,
        Reason::NotSignedIn,
        Reason::SomethingWentWrong,
    ];

    /// The HTTP status that goes with the page.
    pub fn status(self) -> u16 {
        match self {
            Reason::UnknownOrganization
            | Reason::NotFound
            | Reason::LaunchNotServed
            | Reason::NoDeviceTest => 404,
            Reason::ForeignServer
            | Reason::WrongEnvironment
            | Reason::IdentityNotConfirmed
            | Reason::RoleMismatch
            | Reason::OtherPatient
            | Reason::TooEarly
            | Reason::NotThisBrowser => 403,
            Reason::MissingVisitContext
            | Reason::MissingAccountId
            | Reason::LinkUsedOrExpired
            | Reason::LinkUnreadable
            | Reason::LinkTooOld
            | Reason::LinkWithoutTime
            | Reason::NoLaunchKey => 400,
            Reason::EpicNotAnswering | Reason::ZoomNotAnswering => 502,
            Reason::Overloaded => 503,
            Reason::VisitOver
            | Reason::VisitCancelled
            | Reason::TooLate
            | Reason::GuestLinkNotGood
            | Reason::GuestLinkLocked
            | Reason::GuestLinkUnchecked => 410,
            Reason::NotSignedIn => 401,
            Reason::SomethingWentWrong => 500,
        }
    }

    /// A short stable code, for the page, the log and the help desk.
    pub fn code(self) -> &'static str {
        match self {
            Reason::UnknownOrganization => "unknown-organization",
            Reason::NotFound => "not-found",
            Reason::ForeignServer => "foreign-iss",
            Reason::WrongEnvironment => "wrong-environment",
            Reason::IdentityNotConfirmed => "identity-not-confirmed",
            Reason::RoleMismatch => "role-mismatch",
            Reason::OtherPatient => "other-patient",
            Reason::MissingVisitContext => "missing-visit-context",
            Reason::MissingAccountId => "missing-acc-id",
            Reason::LaunchNotServed => "launch-not-served",
            Reason::LinkUsedOrExpired => "link-used-or-expired",
            Reason::LinkUnreadable => "link-unreadable",
            Reason::LinkTooOld => "link-too-old",
            Reason::LinkWithoutTime => "link-without-time",
            Reason::NoLaunchKey => "no-launch-key",
            Reason::NoDeviceTest => "no-device-test",
            Reason::EpicNotAnswering => "epic-not-answering",
            Reason::ZoomNotAnswering => "zoom-not-answering",
            Reason::Overloaded => "overloaded",
            Reason::VisitOver => "visit-over",
            Reason::GuestLinkNotGood => "guest-link-not-good",
            Reason::GuestLinkLocked => "guest-link-locked",
            Reason::GuestLinkUnchecked => "guest-link-unchecked",
            Reason::VisitCancelled => "visit-cancelled",
            Reason::TooEarly => "too-early",
            Reason::TooLate => "too-late",
            Reason::NotThisBrowser => "not-this-browser",
            Reason::NotSignedIn => "not-signed-in",
            Reason::SomethingWentWrong => "something-went-wrong",
        }
    }

    fn remedy(self) -> Remedy {
        match self {
            Reason::UnknownOrganization
            | Reason::ForeignServer
            | Reason::WrongEnvironment
            | Reason::MissingVisitContext
            | Reason::MissingAccountId
            | Reason::LinkWithoutTime
            | Reason::NoLaunchKey
            | Reason::LaunchNotServed => Remedy::TellSupport,
            Reason::EpicNotAnswering | Reason::ZoomNotAnswering | Reason::Overloaded => Remedy::WaitAndOpen,
            Reason::RoleMismatch | Reason::OtherPatient => Remedy::OwnAccount,
            Reason::VisitOver | Reason::VisitCancelled | Reason::NoDeviceTest | Reason::NotSignedIn => {
                Remedy::Nothing
            }
            Reason::TooEarly => Remedy::OpenLater,
            Reason::TooLate => Remedy::CallClinic,
            Reason::GuestLinkNotGood | Reason::GuestLinkLocked | Reason::GuestLinkUnchecked => {
                Remedy::AskForAnother
            }
            Reason::NotFound
            | Reason::IdentityNotConfirmed
            | Reason::LinkUsedOrExpired
            | Reason::LinkUnreadable
            | Reason::LinkTooOld
            | Reason::NotThisBrowser
            | Reason::SomethingWentWrong => Remedy::OpenAgain,
        }
    }
}

/// The page for a request that a person made and that was refused or failed. Serve it with [`Reason::status`].
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    pub language: Language,
    pub reason: Reason,
    pub audience: Audience,
    /// The organization, where it is known.
    pub organization: Option<&'a Letterhead>,
    pub correlation_id: &'a str,
    /// A number that people may call, as it should be read.
    pub help_phone: Option<&'a str>,
    /// From when on they may come.
    pub opens: Option<&'a ClockTime>,
}

impl ErrorPage<'_> {
    fn words(&self) -> &'static Words {
        words(self.language)
    }

    fn told(&self) -> ReasonWords {
        words::reason(self.language, self.reason)
    }

    fn opens(&self) -> Option<String> {
        self.opens.map(|opens| opens.may_come(self.language))
    }

    fn needs_sign_in(&self) -> bool {
        self.reason == Reason::NotSignedIn
    }

    fn advice(&self) -> &'static str {
        let texts = words::advice(self.language);
        match (self.reason.remedy(), self.audience) {
            (Remedy::OpenAgain, Audience::Patient) => texts.open_again_patient,
            (Remedy::OpenAgain, Audience::Provider) => texts.open_again_provider,
            (Remedy::OpenAgain, Audience::Unknown) => texts.open_again,
            (Remedy::WaitAndOpen, Audience::Patient) => texts.wait_and_open_patient,
            (Remedy::WaitAndOpen, Audience::Provider) => texts.wait_and_open_provider,
            (Remedy::WaitAndOpen, Audience::Unknown) => texts.wait_and_open,
            (Remedy::TellSupport, _) => texts.tell_support,
            (Remedy::OwnAccount, _) => texts.own_account,
            (Remedy::AskForAnother, _) => texts.ask_for_another,
            (Remedy::OpenLater, _) => texts.open_later,
            (Remedy::CallClinic, _) => texts.call_clinic,
            (Remedy::Nothing, _) => texts.nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_in_both_languages() {
        for reason in Reason::ALL {
            let [english, spanish] = Language::ALL.map(|language| words::reason(language, reason));
            for told in [&english, &spanish] {
                assert!(told.title.len() > 8 && told.what_happened.len() > 15, "{reason:?}");
            }
            assert_ne!(english.title, spanish.title, "{reason:?}");
            assert_ne!(english.what_happened, spanish.what_happened, "{reason:?}");
        }
    }

    #[test]
    fn codes_are_distinct_and_statuses_are_errors() {
        let codes: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|reason| (400..=503).contains(&reason.status())));
    }
}
