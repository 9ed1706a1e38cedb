//! The texts of the notification records, in each language. `{}` is where a number or a time goes.

use vestibule_domain::effect::Says;

use super::{Became, UnusableSearch};
use crate::web::language::Language;
use crate::web::words::{self, Plural};

/// The fixed texts.
pub struct RecordsWords {
    pub intro: &'static str,
    // The form.
    pub search_form: &'static str,
    pub organization: &'static str,
    pub choose: &'static str,
    pub meeting_id: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub outcome: &'static str,
    pub epic_code: &'static str,
    pub any: &'static str,
    pub search: &'static str,
    // What came of a search.
    pub mend: &'static str,
    pub not_asked: &'static str,
    pub newer: &'static str,
    pub show_newer: &'static str,
    pub unavailable: &'static str,
    pub address: &'static str,
    pub back_to: &'static str,
    pub none_found: &'static str,
    pub older_may_be: &'static str,
    pub fewer_filters: &'static str,
    pub nothing_sent: &'static str,
    pub found: Plural,
    pub resend_all: &'static str,
    pub csv: &'static str,
    pub caption: &'static str,
    // Columns.
    pub date_and_time: &'static str,
    pub role: &'static str,
    pub event: &'static str,
    pub attempt: &'static str,
    pub to_check: &'static str,
    // Cells.
    pub record_address: &'static str,
    /// A visit without a CSN, or without a meeting.
    pub none: &'static str,
    pub at_time: &'static str,
    pub on_day: &'static str,
    pub not_sent: &'static str,
    pub no_answer: &'static str,
    pub sent_again: &'static str,
    /// Which attempt, and of how many.
    pub of_attempts: &'static str,
    pub send_again: &'static str,
    pub in_order: &'static str,
    // The way on.
    pub pages: &'static str,
    pub newest: &'static str,
    pub older: &'static str,
}

pub(super) fn of(language: Language) -> &'static RecordsWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

/// What Epic was told.
pub(super) fn event(language: Language, says: Says) -> String {
    let (joined, left, test) = match language {
        Language::English => ("joined", "left", "device test"),
        Language::Spanish => ("entró", "salió", "prueba del dispositivo"),
    };
    match says {
        Says::Connected(true) => joined.to_owned(),
        Says::Connected(false) => left.to_owned(),
        Says::DeviceTest(outcome) => format!("{test}: {}", words::test_outcome(language, outcome)),
    }
}

/// What became of an update. The English word is the API's.
pub(super) fn became(language: Language, became: Became) -> &'static str {
    let (english, spanish) = match became {
        Became::Delivered => ("delivered", "entregado"),
        Became::Retrying => ("retrying", "se reintenta"),
        Became::Parked => ("parked", "apartado"),
        Became::Superseded => ("superseded", "sustituido"),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

/// Why a search cannot be made. The English sentence is the API's.
pub(in crate::web) fn unusable(language: Language, why: UnusableSearch) -> &'static str {
    let (english, spanish) = match why {
        UnusableSearch::Empty => (
            "Enter a Zoom meeting ID, a CSN, a time or another filter.",
            "Escriba un ID de reunión de Zoom, un CSN, una hora u otro filtro.",
        ),
        UnusableSearch::Both => (
            "Enter either a Zoom meeting ID or a CSN, not both.",
            "Escriba un ID de reunión de Zoom o un CSN, no los dos.",
        ),
        UnusableSearch::NotAMeetingId => (
            "A Zoom meeting ID has 9 to 12 digits, for example 850 1234 5678.",
            "Un ID de reunión de Zoom tiene de 9 a 12 cifras, por ejemplo 850 1234 5678.",
        ),
        UnusableSearch::NotACsn => (
            "A CSN has at most 64 letters, digits and signs, without accents.",
            "Un CSN tiene como máximo 64 letras, cifras y signos, sin acentos.",
        ),
        UnusableSearch::NotAnOutcome => (
            "An outcome is delivered, retrying, parked or superseded.",
            "En la dirección de una búsqueda, el resultado (outcome) es delivered, retrying, parked o superseded.",
        ),
        UnusableSearch::NotACode => (
            "A RespCode is a number from 100 to 599, or 0 for no answer.",
            "Un RespCode es un número de 100 a 599, o 0 si no hubo respuesta.",
        ),
        UnusableSearch::NotAnEpicCode => (
            "A code from Epic has at most 64 letters, digits, dashes and underscores, for example INVALID-USER-ID.",
            "Un código de Epic tiene como máximo 64 letras, cifras y guiones, por ejemplo INVALID-USER-ID.",
        ),
        UnusableSearch::NotAStart | UnusableSearch::NotAnEnd => (
            "Enter a time as 2026-11-23 or 2026-11-23T09:30.",
            "Escriba una hora como 2026-11-23 o 2026-11-23T09:30.",
        ),
        UnusableSearch::EndsBeforeItBegins => {
            ("The time ends before it begins.", "El período termina antes de empezar.")
        }
        UnusableSearch::NotARecord => {
            ("That is not the address of a record.", "Esa no es la dirección de un registro.")
        }
        UnusableSearch::NoOrganization => ("Choose an organization.", "Elija una organización."),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

static ENGLISH: RecordsWords = RecordsWords {
    intro: "Every attempt to tell Epic that someone joined or left. Search by the Zoom meeting ID or the CSN of the visit, by time, or by what became of it. Times are those of the organization, unless they say UTC.",
    search_form: "Search notification records",
    organization: "Organization",
    choose: "Choose…",
    meeting_id: "Zoom meeting ID",
    from: "From",
    to: "Before, or to the end of a day",
    outcome: "Outcome",
    epic_code: "Epic’s code",
    any: "Any",
    search: "Search",
    mend: "Nothing was looked for. Correct what is marked and search again.",
    not_asked: "Enter a Zoom meeting ID, a CSN, a time or another filter. Blanks and dashes of ids do not matter.",
    newer: "There is more by now.",
    show_newer: "Search again",
    unavailable: "The records cannot be read at the moment. Wait a few seconds and search again.",
    address: "Address of this search:",
    back_to: "There are many records: they were looked through back to {}, and the search goes on with older ones.",
    none_found: "No notification was found.",
    older_may_be: "Go on with older ones.",
    fewer_filters: "Take a filter away to see more.",
    nothing_sent: "Nothing has been sent to Epic for this visit, or its records are past their retention.",
    found: Plural {
        one: "{} record on this page, newest first.",
        many: "{} records on this page, newest first.",
    },
    resend_all: "Send all of these again",
    csv: "Download as CSV",
    caption: "Notification records, newest first",
    date_and_time: "Date and time",
    role: "Role",
    event: "Event",
    attempt: "Attempt, latency",
    to_check: "What to check",
    record_address: "Address of this record",
    none: "none",
    at_time: "at",
    on_day: "at",
    not_sent: "not sent",
    no_answer: "no answer",
    sent_again: "sent again",
    of_attempts: "{} of {}",
    send_again: "Send again",
    in_order: "Check in this order",
    pages: "Pages",
    newest: "Newest records",
    older: "Older records",
};

static SPANISH: RecordsWords = RecordsWords {
    intro: "Cada intento de avisar a Epic de que alguien entró o salió. Busque por el ID de reunión de Zoom o el CSN de la visita, por la hora o por lo que pasó con el aviso. Las horas son las de la organización, salvo que digan UTC.",
    search_form: "Buscar registros de notificaciones",
    organization: "Organización",
    choose: "Elija…",
    meeting_id: "ID de reunión de Zoom",
    from: "Desde",
    to: "Antes de, o hasta el final de un día",
    outcome: "Resultado",
    epic_code: "Código de Epic",
    any: "Cualquiera",
    search: "Buscar",
    mend: "No se buscó nada. Corrija lo marcado y busque de nuevo.",
    not_asked: "Escriba un ID de reunión de Zoom, un CSN, una hora u otro filtro. Los espacios y guiones de los ID no importan.",
    newer: "Ahora hay más.",
    show_newer: "Buscar de nuevo",
    unavailable: "Los registros no se pueden leer en este momento. Espere unos segundos y busque de nuevo.",
    address: "Dirección de esta búsqueda:",
    back_to: "Hay muchos registros: se revisaron hasta {}, y la búsqueda sigue con los más antiguos.",
    none_found: "No se encontró ninguna notificación.",
    older_may_be: "Siga con las más antiguas.",
    fewer_filters: "Quite un filtro para ver más.",
    nothing_sent: "No se ha enviado nada a Epic de esta visita, o sus registros ya pasaron el plazo de conservación.",
    found: Plural {
        one: "{} registro en esta página.",
        many: "{} registros en esta página, primero los más recientes.",
    },
    resend_all: "Enviar todos estos de nuevo",
    csv: "Descargar como CSV",
    caption: "Registros de notificaciones, primero los más recientes",
    date_and_time: "Fecha y hora",
    role: "Rol",
    event: "Evento",
    attempt: "Intento, latencia",
    to_check: "Qué comprobar",
    record_address: "Dirección de este registro",
    none: "ninguno",
    at_time: "a las",
    on_day: "el",
    not_sent: "sin enviar",
    no_answer: "sin respuesta",
    sent_again: "enviado de nuevo",
    of_attempts: "{} de {}",
    send_again: "Enviar de nuevo",
    in_order: "Compruebe en este orden",
    pages: "Páginas",
    newest: "Registros más recientes",
    older: "Registros más antiguos",
};
