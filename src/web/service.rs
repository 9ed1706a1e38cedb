//! The index of the service and the sign-in pages, for the people who run it.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::language::Language;
use super::link::local_path;
use super::signed_in::SignedIn;
use super::words::{IndexWords, SignInWords, index_words, sign_in_words};

/// `GET /`: where everything is.
#[derive(Template)]
#[template(path = "index.html")]
pub struct IndexPage {
    pub language: Language,
    /// The ops pages are on this listener too, so the index links to them.
    pub with_operations: bool,
    pub signed_in: SignedIn,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInTrouble {
    WrongToken,
    /// The way to sign in has run out, was used before, or was begun in another browser.
    Stale,
    /// It was not completed at the provider.
    Declined,
    NoRole,
    ProviderUnavailable,
    /// The provider gave an answer that is not believed.
    NotBelieved,
}

impl SignInTrouble {
    /// The HTTP status of the page.
    pub fn status(self) -> u16 {
        match self {
            Self::WrongToken => 401,
            Self::Stale | Self::Declined => 400,
            Self::NoRole => 403,
            Self::NotBelieved => 502,
            Self::ProviderUnavailable => 503,
        }
    }

    /// A word for metrics and the audit.
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongToken => "wrong_token",
            Self::Stale => "stale",
            Self::Declined => "declined",
            Self::NoRole => "no_role",
            Self::NotBelieved => "not_believed",
            Self::ProviderUnavailable => "provider_unavailable",
        }
    }
}

/// `GET /sign-in`, and the answer to whoever could not be signed in.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage<'a> {
    pub language: Language,
    /// Where to go afterwards; anything but a path of this service becomes `/`.
    pub next: Option<&'a str>,
    pub trouble: Option<SignInTrouble>,
    /// Where people sign in at an OpenID provider, what it is called, if anything.
    pub provider: Option<Option<&'a str>>,
    /// A token is taken here.
    pub by_token: bool,
    pub break_glass: bool,
    /// Somebody has just signed out here, and may sign out of the provider at this address.
    pub provider_sign_out: Option<&'a str>,
    pub signed_out: bool,
    /// A form was sent after the session had ended, and did nothing.
    pub unsent: bool,
    pub signed_in: SignedIn,
}

impl IndexPage {
    fn words(&self) -> &'static IndexWords {
        index_words(self.language)
    }
}

impl SignInPage<'_> {
    fn words(&self) -> &'static SignInWords {
        sign_in_words(self.language)
    }

    /// The text with the provider's name in it.
    fn naming(&self, text: &str) -> String {
        let name = self.provider.flatten().unwrap_or(self.words().your_organization);
        text.replace("{}", name)
    }

    fn told(&self) -> Option<&'static str> {
        let words = self.words();
        self.trouble.map(|trouble| match trouble {
            SignInTrouble::WrongToken => words.wrong_token,
            SignInTrouble::Stale => words.stale,
            SignInTrouble::Declined => words.declined,
            SignInTrouble::NoRole => words.no_role,
            SignInTrouble::ProviderUnavailable => words.unavailable,
            SignInTrouble::NotBelieved => words.not_believed,
        })
    }

    fn next_path(&self) -> &str {
        local_path(self.next)
    }

    fn next_encoded(&self) -> String {
        utf8_percent_encode(self.next_path(), NON_ALPHANUMERIC).to_string()
    }
}

/// What is wrong with the form of the emergency access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakGlassTrouble {
    WrongSecret,
    NoReason,
}

/// `GET /sign-in/break-glass`, and the answer to a form that was wrong.
#[derive(Template)]
#[template(path = "break_glass.html")]
pub struct BreakGlassPage<'a> {
    pub language: Language,
    pub next: Option<&'a str>,
    pub trouble: Option<BreakGlassTrouble>,
    /// As it was written.
    pub reason: &'a str,
    /// For how long it lets somebody in, such as `1h`.
    pub life: &'a str,
    pub signed_in: SignedIn,
}

impl BreakGlassPage<'_> {
    fn words(&self) -> &'static SignInWords {
        sign_in_words(self.language)
    }

    fn text(&self) -> String {
        self.words().emergency_text.replace("{}", self.life)
    }

    fn next_encoded(&self) -> String {
        utf8_percent_encode(self.next_path(), NON_ALPHANUMERIC).to_string()
    }

    fn next_path(&self) -> &str {
        local_path(self.next)
    }

    fn is_wrong(&self, what: BreakGlassTrouble) -> bool {
        self.trouble == Some(what)
    }

    fn wrong_secret(&self) -> bool {
        self.is_wrong(BreakGlassTrouble::WrongSecret)
    }

    fn no_reason(&self) -> bool {
        self.is_wrong(BreakGlassTrouble::NoReason)
    }
}
