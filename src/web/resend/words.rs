//! The texts of the page that sends records again, in each language. `{}` is where a number or a text goes.

use super::{ResendNote, TooMuch};
use crate::web::language::Language;
use crate::web::words::Plural;

/// The fixed texts.
pub struct ResendWords {
    pub title: &'static str,
    pub heading: &'static str,
    pub the_records: &'static str,
    pub look: &'static str,
    pub count_again: &'static str,
    pub too_much: &'static str,
    pub has_changed: &'static str,
    // What was counted.
    pub updates: Plural,
    pub people: Plural,
    pub visits: Plural,
    pub records: Plural,
    /// After the updates: of whom, in what, for which records.
    pub spread: &'static str,
    pub what_is_true: &'static str,
    pub not_sent: &'static str,
    pub gone: Plural,
    pub unsearched: Plural,
    pub nobody: Plural,
    // What to do.
    pub send: Plural,
    pub nothing: &'static str,
}

pub(super) fn of(language: Language) -> &'static ResendWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

/// What came of the button.
pub(super) fn note(language: Language, note: ResendNote) -> &'static str {
    let (english, spanish) = match note {
        ResendNote::Sent => (
            "They are on their way, as fast as Epic may be asked. Their records are marked as sent again.",
            "Los avisos van en camino, al ritmo que admite Epic. Sus registros quedan marcados como enviados de nuevo.",
        ),
        ResendNote::Incomplete => (
            "Some are on their way; the store did not take the others. Count again, and send those in a moment.",
            "Algunos avisos van en camino; el almacén no aceptó los demás. Cuente de nuevo y envíe esos en un momento.",
        ),
        ResendNote::Already => (
            "This was sent before. Nothing was sent again.",
            "Esto ya se había enviado. No se envió nada de nuevo.",
        ),
        ResendNote::Nothing => ("There was nothing to send.", "No había nada que enviar."),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

/// Why it is too much, in the middle of a sentence. The English words are the API's.
pub(super) fn too_much(language: Language, why: TooMuch) -> String {
    match (why, language) {
        (TooMuch::Records { most }, Language::English) => format!(
            "the search finds more than {most} records, and one act is about {most} at most: narrow the search by time, code or outcome"
        ),
        (TooMuch::Records { most }, Language::Spanish) => format!(
            "la búsqueda encuentra más de {most} registros, y un envío abarca {most} como máximo: acote la búsqueda por hora, código o resultado"
        ),
        (TooMuch::Updates { updates, most }, Language::English) => format!(
            "that would be {updates} updates, and one act sends {most} at most: narrow the search by time, code or outcome"
        ),
        (TooMuch::Updates { updates, most }, Language::Spanish) => format!(
            "serían {updates} avisos, y de una vez se envían {most} como máximo: acote la búsqueda por hora, código o resultado"
        ),
        (TooMuch::Searched, Language::English) => {
            "the search has to look through too many records: narrow it by time".to_owned()
        }
        (TooMuch::Searched, Language::Spanish) => {
            "la búsqueda tiene que revisar demasiados registros: acótela por hora".to_owned()
        }
    }
}

static ENGLISH: ResendWords = ResendWords {
    title: "Send again",
    heading: "Send to Epic again",
    the_records: "the records",
    look: "Look at the records",
    count_again: "Count again",
    too_much: "It is too much at once: {}.",
    has_changed: "It is not what it was when you were shown it. Nothing was sent: look at the new count.",
    updates: Plural { one: "{} update", many: "{} updates" },
    people: Plural { one: "{} person", many: "{} people" },
    visits: Plural { one: "{} visit", many: "{} visits" },
    records: Plural { one: "{} record", many: "{} records" },
    spread: "of {} in {}, for {}.",
    what_is_true: "Epic is told what is true by now, once for each person, and never a status of long ago.",
    not_sent: "What is not sent",
    gone: Plural {
        one: "{} record is of visits that are not kept any more: put those right in Epic.",
        many: "{} records are of visits that are not kept any more: put those right in Epic.",
    },
    unsearched: Plural {
        one: "{} record may be of a group visit that was not looked for, since there are too many: put it right on the visit’s own page, or in Epic.",
        many: "{} records may be of group visits that were not looked for, since there are too many: put those right on the visits’ own pages, or in Epic.",
    },
    nobody: Plural {
        one: "{} record is of people of whom nothing can be sent: their id in Epic is not known, or they are not in the visit any more.",
        many: "{} records are of people of whom nothing can be sent: their id in Epic is not known, or they are not in the visit any more.",
    },
    send: Plural { one: "Send {} update again", many: "Send {} updates again" },
    nothing: "There is nothing to send.",
};

static SPANISH: ResendWords = ResendWords {
    title: "Enviar de nuevo",
    heading: "Enviar a Epic de nuevo",
    the_records: "los registros",
    look: "Ver los registros",
    count_again: "Contar de nuevo",
    too_much: "Es demasiado de una vez: {}.",
    has_changed: "Ya no es lo que se le mostró. No se envió nada: mire la cuenta nueva.",
    updates: Plural { one: "{} aviso", many: "{} avisos" },
    people: Plural { one: "{} persona", many: "{} personas" },
    visits: Plural { one: "{} visita", many: "{} visitas" },
    records: Plural { one: "{} registro", many: "{} registros" },
    spread: "de {} en {}, por {}.",
    what_is_true: "A Epic se le dice lo que vale ahora, una vez por persona, y nunca un estado de hace tiempo.",
    not_sent: "Qué no se envía",
    gone: Plural {
        one: "{} registro es de una visita que ya no se conserva: corríjala en Epic.",
        many: "{} registros son de visitas que ya no se conservan: corríjalas en Epic.",
    },
    unsearched: Plural {
        one: "{} registro puede ser de una visita de grupo que no se buscó, porque hay demasiadas: corríjala en la página de la visita o en Epic.",
        many: "{} registros pueden ser de visitas de grupo que no se buscaron, porque hay demasiadas: corríjalas en las páginas de las visitas o en Epic.",
    },
    nobody: Plural {
        one: "{} registro es de alguien de quien no se puede enviar nada: no se conoce su ID en Epic, o ya no está en la visita.",
        many: "{} registros son de personas de quienes no se puede enviar nada: no se conoce su ID en Epic, o ya no están en la visita.",
    },
    send: Plural { one: "Enviar {} aviso de nuevo", many: "Enviar {} avisos de nuevo" },
    nothing: "No hay nada que enviar.",
};
