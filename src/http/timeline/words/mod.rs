//! What happened, in a sentence for whoever answers a support call, in each language. A language is one file with whole sentences; a kind of
//! happening that it does not know does not compile there.

mod english;
mod spanish;

use vestibule_actors::port::store::Record;
use vestibule_domain::effect::Says;
use vestibule_domain::id::ExternalId;
use vestibule_domain::visit::history::{DeviceHash, Event, Happened};
use vestibule_domain::visit::participant::Role;

use super::entry::{ActView, Mark};
use crate::web::{self, Language};

/// What stands in the audit of an act of which nothing is known but that it began.
pub(super) const BEGUN: &str = "begun";

/// A person by role and id: `Patient WPR1`.
pub fn named(language: Language, role: Role, id: Option<&ExternalId>) -> String {
    let name = match language {
        Language::English => english::role(role),
        Language::Spanish => spanish::role(role),
    };
    id.map_or_else(|| name.to_owned(), |id| format!("{name} {id}"))
}

/// As the page and the JSON write it.
pub fn device(device: DeviceHash) -> String {
    format!("{:08x}", device.0)
}

/// An event of Zoom's; one that was `overtaken` told nothing new.
pub fn event(language: Language, event: &Event, overtaken: bool) -> String {
    match language {
        Language::English => english::event(event, overtaken),
        Language::Spanish => spanish::event(event, overtaken),
    }
}

/// Whatever else happened.
pub fn line(language: Language, what: &Happened) -> String {
    match language {
        Language::English => english::line(what),
        Language::Spanish => spanish::line(what),
    }
}

/// What Epic is, or would be, told.
pub fn status(language: Language, who: &str, says: Says) -> String {
    match language {
        Language::English => english::status(who, says),
        Language::Spanish => spanish::status(who, says),
    }
}

/// An attempt to tell Epic.
pub fn record(language: Language, record: &Record) -> String {
    match language {
        Language::English => english::record(record),
        Language::Spanish => spanish::record(record),
    }
}

/// What somebody did. Why they did it stays as they wrote it.
pub fn act(language: Language, act: &ActView) -> String {
    match language {
        Language::English => english::act(act),
        Language::Spanish => spanish::act(act),
    }
}

/// How an act ended; a code of which no words are known stands as it is.
fn came_to(language: Language, code: &str) -> String {
    web::came_to(language, code).unwrap_or_else(|| code.to_owned())
}

/// What is unusual about an entry; a late event came so many seconds after its own time.
pub fn mark(language: Language, mark: Mark, late_by_s: i64) -> String {
    match language {
        Language::English => english::mark(mark, late_by_s),
        Language::Spanish => spanish::mark(mark, late_by_s),
    }
}

/// `42 s`, `3 min 5 s`, `2 h 10 min`, alike in every language.
fn lateness(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests;
