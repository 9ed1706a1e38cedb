//! The live board of visits, and its wall mode. Their rows come over the websocket; these are the frames around them.

mod board_words;
mod words;

use std::collections::BTreeMap;

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::language::Language;
use super::signed_in::SignedIn;
use super::words::{problem_titles, problems, tools_words};
use board_words::BoardWords;
pub use board_words::spoken_word;
use words::WallWords;

/// `GET /ops`.
#[derive(Template)]
#[template(path = "ops.html")]
pub struct OpsPage {
    pub language: Language,
    /// The organizations that the reader sees, with their names.
    pub seen: Vec<(String, String)>,
    /// Those on whose visits they may act.
    pub operated: Vec<String>,
    /// People signed in by a cookie, so the page offers to sign out.
    pub signed_in: SignedIn,
}

/// What the board's script says, in the reader's language.
#[derive(Serialize)]
struct BoardSays {
    #[serde(flatten)]
    words: &'static BoardWords,
    /// The API's words as the reader says them.
    spoken: BTreeMap<&'static str, &'static str>,
    /// The sentences about problems, where they are others than the API's.
    sentences: BTreeMap<&'static str, &'static str>,
}

impl OpsPage {
    fn words(&self) -> &'static BoardWords {
        board_words::board(self.language)
    }

    fn spoken(&self) -> BTreeMap<&'static str, &'static str> {
        board_words::spoken(self.language).into_iter().collect()
    }

    /// The phases in the order of a visit's life, as the API and as the reader says them.
    fn phases(&self) -> Vec<(&'static str, &'static str)> {
        board_words::spoken(self.language).into_iter().take(PHASES).collect()
    }

    fn says(&self) -> Result<String, askama::Error> {
        let says =
            BoardSays { words: self.words(), spoken: self.spoken(), sentences: problems(self.language) };
        serde_json::to_string(&says).map_err(askama::Error::custom)
    }
}

/// The first of the API's words that the board says are the phases.
const PHASES: usize = 4;

/// The colours of a wall screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WallColours {
    #[default]
    Dark,
    Light,
    /// Those that the screen asks its browser for.
    System,
}

impl WallColours {
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::System];

    /// As `?wall=` names them; whatever else stands there means the usual ones.
    pub fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|colours| colours.name() == text).unwrap_or_default()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::System => "system",
        }
    }
}

/// `GET /ops?wall=…`: for a screen that is read from afar and that nobody touches.
#[derive(Template)]
#[template(path = "wall.html")]
pub struct WallPage<'a> {
    pub language: Language,
    pub colours: WallColours,
    /// The one organization whose visits are shown; all that the reader may see where there is none.
    pub organization: Option<&'a str>,
    pub signed_in: SignedIn,
}

/// What the script says, in the reader's language.
#[derive(Serialize)]
struct WallSays {
    #[serde(flatten)]
    words: &'static WallWords,
    roles: [(&'static str, &'static str); 5],
    places: [(&'static str, &'static str); 3],
    problems: BTreeMap<&'static str, &'static str>,
}

impl WallPage<'_> {
    fn words(&self) -> &'static WallWords {
        words::wall(self.language)
    }

    fn says(&self) -> Result<String, askama::Error> {
        let tools = tools_words(self.language);
        let says = WallSays {
            words: self.words(),
            roles: [
                ("patient", tools.patient),
                ("proxy", tools.proxy),
                ("provider", tools.provider),
                ("guest", tools.guest),
                ("unidentified", tools.unidentified),
            ],
            places: [
                ("waiting", tools.waiting),
                ("in_waiting_room", tools.in_waiting_room),
                ("in_meeting", tools.in_meeting),
            ],
            problems: problem_titles(self.language),
        };
        serde_json::to_string(&says).map_err(askama::Error::custom)
    }

    /// Signs in and comes back to this screen as it is.
    fn sign_in(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut here = format!("/ops?wall={}&lang={}", self.colours.name(), self.language.code());
        if let Some(organization) = self.organization {
            here.extend(["&organization=", &encoded(organization)]);
        }
        format!("/sign-in?next={}", encoded(&here))
    }
}
