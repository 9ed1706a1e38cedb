//! What came of a button on the page of a visit.

use crate::web::language::Language;
use crate::web::notifier::NotifierNote;

/// What came of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoryNote {
    Identified,
    Ended,
    Revoked,
    /// There is nothing to end.
    NoMeeting,
    /// It was asked for about a meeting that is not the visit's any more.
    OtherMeeting,
    /// Of this visit there is no such link.
    NoLink,
    /// It is durable, and the visit has not decided so far.
    NotYet,
    /// Whoever was meant has left.
    NotHere,
    MadeAgain,
    /// There has been no meeting, or one is being made.
    NothingToMakeAgain,
    PeopleInside,
    /// The visit is over, or was called off.
    Over,
    TooManyMeetings,
    SentAgain,
    Dropped,
    CommandDropped,
    /// There is no such update or command.
    NotParked,
    Notifier(NotifierNote),
}

impl StoryNote {
    pub const ALL: [Self; 17] = [
        Self::Identified,
        Self::Ended,
        Self::Revoked,
        Self::NoMeeting,
        Self::OtherMeeting,
        Self::NoLink,
        Self::NotYet,
        Self::NotHere,
        Self::MadeAgain,
        Self::NothingToMakeAgain,
        Self::PeopleInside,
        Self::Over,
        Self::TooManyMeetings,
        Self::SentAgain,
        Self::Dropped,
        Self::CommandDropped,
        Self::NotParked,
    ];

    fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(NotifierNote::ALL.map(Self::Notifier))
    }

    /// Whether what was asked for is done.
    pub fn is_done(self) -> bool {
        match self {
            Self::Identified
            | Self::Ended
            | Self::Revoked
            | Self::MadeAgain
            | Self::SentAgain
            | Self::Dropped
            | Self::CommandDropped => true,
            Self::Notifier(note) => note.is_done(),
            _ => false,
        }
    }

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Identified => "identified",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
            Self::NoMeeting => "no-meeting",
            Self::OtherMeeting => "other-meeting",
            Self::NoLink => "no-link",
            Self::NotYet => "not-yet",
            Self::NotHere => "not-here",
            Self::MadeAgain => "made-again",
            Self::NothingToMakeAgain => "nothing-to-make-again",
            Self::PeopleInside => "people-inside",
            Self::Over => "over",
            Self::TooManyMeetings => "too-many-meetings",
            Self::SentAgain => "sent-again",
            Self::Dropped => "dropped",
            Self::CommandDropped => "command-dropped",
            Self::NotParked => "not-parked",
            Self::Notifier(note) => note.code(),
        }
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::all().find(|note| note.code() == code)
    }

    pub(in crate::web) fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::Spanish => self.spanish(),
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Identified => "Saved. The light follows.",
            Self::Ended => "The meeting is being ended for everybody. That takes a moment.",
            Self::Revoked => {
                "The link is taken back. Whoever has come by it is still there; the host can remove them."
            }
            Self::NoMeeting => "There is no meeting to end.",
            Self::OtherMeeting => {
                "The visit has another meeting by now than your page showed. Nothing was changed: look at it once more."
            }
            Self::NoLink => "This visit has no such link. Nothing was changed.",
            Self::NotYet => "Saved. It is not carried out so far; that takes a moment.",
            Self::NotHere => {
                "They have left, or the person takes no part in this visit. Nothing was changed."
            }
            Self::MadeAgain => {
                "Another meeting is being made, and the old one is deleted. Whoever waits on our page goes on to the new one when it is started."
            }
            Self::NothingToMakeAgain => {
                "There is no meeting to make again: none was made so far, or one is being made. A provider's launch makes one."
            }
            Self::PeopleInside => {
                "People are in the meeting, or Zoom has not told that they left. Nothing was changed. Tick the box to make it again all the same."
            }
            Self::Over => "The visit is over, or was called off. Nothing was changed.",
            Self::TooManyMeetings => "The visit has had as many meetings as it may. Nothing was changed.",
            Self::SentAgain => "Epic is told once more. What came of it stands in the timeline in a moment.",
            Self::Dropped => "The update is dropped: Epic is not told any more.",
            Self::CommandDropped => "What was set aside is dropped.",
            Self::NotParked => "That is not parked any more. Nothing was changed.",
            Self::Notifier(note) => note.text(Language::English),
        }
    }

    fn spanish(self) -> &'static str {
        match self {
            Self::Identified => "Guardado. La luz sigue.",
            Self::Ended => "La reunión se está terminando para todos. Tarda un momento.",
            Self::Revoked => {
                "El enlace fue retirado. Quien ya entró con él sigue allí; el anfitrión puede expulsarlo."
            }
            Self::NoMeeting => "No hay ninguna reunión que terminar.",
            Self::OtherMeeting => {
                "La visita ya tiene otra reunión que la que mostraba su página. No se cambió nada: mírela otra vez."
            }
            Self::NoLink => "Esta visita no tiene tal enlace. No se cambió nada.",
            Self::NotYet => "Guardado. Todavía no se ha llevado a cabo; tarda un momento.",
            Self::NotHere => "Ya se ha ido, o la persona no participa en esta visita. No se cambió nada.",
            Self::MadeAgain => {
                "Se está creando otra reunión, y la anterior se elimina. Quien espera en nuestra página pasa a la nueva cuando se inicie."
            }
            Self::NothingToMakeAgain => {
                "No hay ninguna reunión que crear de nuevo: todavía no se ha creado ninguna, o se está creando. Se crea cuando un proveedor abre la visita."
            }
            Self::PeopleInside => {
                "Hay personas en la reunión, o Zoom no ha avisado de que salieron. No se cambió nada. Marque la casilla para crearla de nuevo de todos modos."
            }
            Self::Over => "La visita ha terminado, o fue cancelada. No se cambió nada.",
            Self::TooManyMeetings => {
                "La visita ya ha tenido todas las reuniones que puede tener. No se cambió nada."
            }
            Self::SentAgain => "Se avisa a Epic una vez más. En un momento la cronología dice qué resultó.",
            Self::Dropped => "El aviso se descartó: ya no se avisa a Epic.",
            Self::CommandDropped => "Lo que quedó apartado se descartó.",
            Self::NotParked => "Eso ya no está pendiente. No se cambió nada.",
            Self::Notifier(note) => note.text(Language::Spanish),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_is_found_by_its_code_and_is_said_in_each_language() {
        for note in StoryNote::all() {
            assert_eq!(StoryNote::of(note.code()), Some(note));
            assert_ne!(note.text(Language::English), note.text(Language::Spanish), "{note:?}");
        }
    }
}
