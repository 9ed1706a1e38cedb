//! Where an operator pauses what an organization's Epic is told, and has it go on: a section of the organization's page and of each visit's.

use super::language::Language;
use super::words::filled;

/// The section, as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct NotifierSection {
    pub language: Language,
    pub organization: String,
    pub paused: Option<PausedLine>,
    /// The visit on whose page it stands: the field that names it, and its id.
    pub visit: Option<(&'static str, String)>,
}

/// That an operator has paused the notifier.
#[derive(Clone, PartialEq, Eq)]
pub struct PausedLine {
    pub by: String,
    pub at: String,
    pub reason: String,
    /// The same time in milliseconds since 1970: by that a form says which pause its page showed.
    pub since: i64,
}

impl NotifierSection {
    pub(super) fn words(&self) -> &'static NotifierWords {
        match self.language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
        }
    }

    /// Where the form is posted.
    pub(super) fn act(&self, act: &str) -> String {
        format!("/admin/{}/notifier/{act}?lang={}", self.organization, self.language.code())
    }

    pub(super) fn paused_by(&self, paused: &PausedLine) -> String {
        filled(self.words().paused_by, &[&paused.by, &paused.at, &paused.reason])
    }
}

/// What came of its button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifierNote {
    Paused,
    AlreadyPaused,
    Resumed,
    NotPaused,
    /// It was resumed and paused again since the page was shown.
    OtherPause,
}

impl NotifierNote {
    pub(super) const ALL: [Self; 5] =
        [Self::Paused, Self::AlreadyPaused, Self::Resumed, Self::NotPaused, Self::OtherPause];

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::AlreadyPaused => "already-paused",
            Self::Resumed => "resumed",
            Self::NotPaused => "not-paused",
            Self::OtherPause => "other-pause",
        }
    }

    /// Whether what was asked for is done.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Paused | Self::Resumed)
    }

    pub(super) fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::Spanish => self.spanish(),
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Paused => "The notifier is paused. Epic is told nothing until somebody resumes it.",
            Self::AlreadyPaused => {
                "It was paused already; who did so, why and since when stands below. Nothing was changed."
            }
            Self::Resumed => {
                "The notifier goes on. What is true by now is sent, as fast as Epic may be asked."
            }
            Self::NotPaused => "It is not paused. Nothing was changed.",
            Self::OtherPause => {
                "It was paused anew since your page was shown; who did so and why stands below. Nothing was changed."
            }
        }
    }

    fn spanish(self) -> &'static str {
        match self {
            Self::Paused => {
                "Los avisos a Epic están en pausa. No se comunica nada hasta que alguien los reanude."
            }
            Self::AlreadyPaused => {
                "Ya estaban en pausa; abajo dice quién lo hizo, por qué y desde cuándo. No se cambió nada."
            }
            Self::Resumed => {
                "Los avisos a Epic continúan. Se envía lo que ya es cierto, tan rápido como Epic lo permite."
            }
            Self::NotPaused => "No están en pausa. No se cambió nada.",
            Self::OtherPause => {
                "Se pusieron en pausa de nuevo desde que se mostró su página; abajo dice quién lo hizo y por qué. No se cambió nada."
            }
        }
    }
}

/// Its fixed texts. `{}` is where a name or a time goes.
pub(super) struct NotifierWords {
    pub updates: &'static str,
    /// On the page of one visit.
    pub of_all: &'static str,
    pub paused: &'static str,
    /// By whom, when and why.
    pub paused_by: &'static str,
    pub paused_note: &'static str,
    pub resume_updates: &'static str,
    pub resume: &'static str,
    pub told: &'static str,
    pub pause_updates: &'static str,
    pub pause_note: &'static str,
    pub pause: &'static str,
}

static ENGLISH: NotifierWords = NotifierWords {
    updates: "Updates to Epic",
    of_all: "This is about all visits of the organization, not about this one alone.",
    paused: "Paused",
    paused_by: "by {} on {}: {}.",
    paused_note: "Visits go on, and Epic is told nothing, so that its lights stand still. It does not go on by itself.",
    resume_updates: "Resume the updates to Epic",
    resume: "Resume",
    told: "Epic is told who is connected, as it happens.",
    pause_updates: "Pause the updates to Epic",
    pause_note: "For work on Epic. What becomes true meanwhile is sent once somebody resumes.",
    pause: "Pause",
};

static SPANISH: NotifierWords = NotifierWords {
    updates: "Avisos a Epic",
    of_all: "Se trata de todas las visitas de la organización, no solo de esta.",
    paused: "En pausa",
    paused_by: "por {} el {}: {}.",
    paused_note: "Las visitas siguen y a Epic no se le comunica nada, así que sus luces no cambian. No se reanuda por sí solo.",
    resume_updates: "Reanudar los avisos a Epic",
    resume: "Reanudar",
    told: "A Epic se le comunica quién está conectado, según ocurre.",
    pause_updates: "Poner en pausa los avisos a Epic",
    pause_note: "Para trabajos en Epic. Lo que pase a ser cierto mientras tanto se envía cuando alguien reanude.",
    pause: "Poner en pausa",
};
