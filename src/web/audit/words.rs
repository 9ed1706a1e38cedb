//! The texts of the audit's page, in each language. `{}` is where a name, a number or a time goes.

use super::query::AuditTrouble;
use crate::audit::Broken;
use crate::web::language::Language;
use crate::web::records;
use crate::web::words::{Plural, filled};

/// The fixed texts.
pub(super) struct AuditWords {
    /// Of which organization.
    pub of: &'static str,
    pub of_service: &'static str,
    pub intro: &'static str,
    pub download: &'static str,
    pub as_lines: &'static str,
    pub as_fhir: &'static str,
    // The form.
    pub search_form: &'static str,
    pub whose: &'static str,
    pub service: &'static str,
    pub not_in_force: &'static str,
    pub who_field: &'static str,
    pub action: &'static str,
    pub any: &'static str,
    pub visit_field: &'static str,
    pub from_field: &'static str,
    pub to_field: &'static str,
    pub search: &'static str,
    // What came of it.
    pub mend: &'static str,
    pub unavailable: &'static str,
    pub empty: &'static str,
    pub none_found: &'static str,
    pub none_here: &'static str,
    /// How far it was looked through.
    pub cut: &'static str,
    pub found: Plural,
    pub caption: &'static str,
    // Columns and cells.
    pub at: &'static str,
    pub who: &'static str,
    pub visit: &'static str,
    pub from: &'static str,
    pub outcome: &'static str,
    pub details: &'static str,
    pub nobody_known: &'static str,
    pub group: &'static str,
    pub meeting: &'static str,
    pub organization: &'static str,
    pub entry: &'static str,
    pub node: &'static str,
    pub reference: &'static str,
    pub changed: &'static str,
    // Whether it is whole.
    pub whole_heading: &'static str,
    pub is_whole: &'static str,
    pub is_broken: &'static str,
    /// From which place to which.
    pub checked: &'static str,
    pub not_checked: &'static str,
    pub broken: &'static str,
    /// Nothing can be shown.
    pub damaged: &'static str,
    pub missing: &'static str,
    /// Which place, and which hash.
    pub newest_is: &'static str,
    pub keep: &'static str,
    pub how_to_check: &'static str,
    // The way on.
    pub pages: &'static str,
    pub newest: &'static str,
    pub newer: &'static str,
    pub older: &'static str,
    pub go_on_newer: &'static str,
    pub go_on: &'static str,
}

pub(super) fn of(language: Language) -> &'static AuditWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

/// What is wrong with a search, and what to do.
pub(super) fn trouble(language: Language, trouble: AuditTrouble) -> &'static str {
    let (english, spanish) = match trouble {
        AuditTrouble::NameTooLong => {
            ("Enter at most 200 characters of the name.", "Escriba como máximo 200 caracteres del nombre.")
        }
        AuditTrouble::NotAnAction => ("Choose an action of the list.", "Elija una acción de la lista."),
        AuditTrouble::NotAPlace => (
            "That is not the place of an entry, which is a whole number. Begin again at the newest entries.",
            "Ese no es el lugar de una entrada, que es un número entero. Empiece de nuevo por las entradas más recientes.",
        ),
        AuditTrouble::Search(why) => return records::unusable(language, why),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

/// What is wrong with a chain.
pub(super) fn broken(language: Language, broken: &Broken) -> String {
    match language {
        Language::English => match broken {
            Broken::Unreadable { .. } => "Something stands there that is no entry of an audit.".to_owned(),
            other => {
                let mut told = other.to_string();
                if let Some(first) = told.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                told + "."
            }
        },
        Language::Spanish => match broken {
            Broken::Unreadable { .. } => "Hay algo que no es una entrada de auditoría.".to_owned(),
            Broken::Changed { seq } => {
                filled("La entrada {} fue cambiada: su hash no es el de sus palabras.", &[&seq.to_string()])
            }
            Broken::OutOfPlace { after, found } => filled(
                "Después de la entrada {} viene la {}: faltan entradas, están repetidas o en otro orden.",
                &[&after.to_string(), &found.to_string()],
            ),
            Broken::NoNewest => "Lo que hay al final de la cadena no es una entrada de auditoría.".to_owned(),
            Broken::NotFollowing { seq } => filled(
                "La entrada {} no sigue a la anterior: una de las dos se puso en su lugar más tarde.",
                &[&seq.to_string()],
            ),
        },
    }
}

static ENGLISH: AuditWords = AuditWords {
    of: "Audit of {}",
    of_service: "Audit of the service",
    intro: "Who did what, when, from where, and what came of it. It names no patient: a visit stands here by its CSN. The service has an audit of its own, for sign-ins and what else concerns no single organization. That you look at this is an entry, too.",
    download: "Download all of it:",
    as_lines: "JSON lines",
    as_fhir: "FHIR AuditEvent",
    search_form: "Search the audit",
    whose: "Audit of",
    service: "the service",
    not_in_force: "not in force",
    who_field: "Who (a part of the name is enough)",
    action: "Action",
    any: "Any",
    visit_field: "Visit (CSN or conference ID)",
    from_field: "From",
    to_field: "Before, or to the end of a day",
    search: "Search",
    mend: "Nothing was looked for. Correct what is marked and search again.",
    unavailable: "The audit cannot be read at the moment. Wait a few seconds and search again.",
    empty: "There is no entry so far.",
    none_found: "No entry was found. Take a filter away to see more.",
    none_here: "There is no entry on this side any more.",
    cut: "There are many entries: those from {} to {} were looked through, and the search goes on from there. A time leads there at once.",
    found: Plural { one: "{} entry on this page.", many: "{} entries on this page, newest first." },
    caption: "Entries of the audit, newest first",
    at: "Date and time",
    who: "Who",
    visit: "Visit",
    from: "From where",
    outcome: "Outcome",
    details: "Reason, details",
    nobody_known: "nobody known",
    group: "group",
    meeting: "meeting",
    organization: "organization",
    entry: "entry",
    node: "node",
    reference: "reference",
    changed: "changed",
    whole_heading: "Whether it is whole",
    is_whole: "whole, as far as was looked",
    is_broken: "not whole",
    checked: "The entries {} to {} were read for this page. Each has the hash of its own words, and each but the first follows the one before it.",
    not_checked: "Nothing before or behind these was checked now, nor whether an end was cut off or a whole chain was made anew.",
    broken: "Keep a copy of the store and of the log as they are, and tell whoever answers for security.",
    damaged: "It is damaged: what says where its pages stand cannot be read, so that no entry can be shown. What is wrong is in the log.",
    missing: "A part of the chain is missing from the store.",
    newest_is: "The newest entry is {}, and its hash is",
    keep: "Keep both outside of the store.",
    how_to_check: "This command says whether that entry is still there, and whether all of the chain is whole. It needs a store that no service holds, where the store is not on Redis; with --file and the downloaded JSON lines in place of --config and its file it can be run at any time:",
    pages: "Pages",
    newest: "Newest entries",
    newer: "Newer entries",
    older: "Older entries",
    go_on_newer: "Go on with newer ones",
    go_on: "Go on with older ones",
};

static SPANISH: AuditWords = AuditWords {
    of: "Auditoría de {}",
    of_service: "Auditoría del servicio",
    intro: "Quién hizo qué, cuándo, desde dónde y en qué quedó. No nombra a ningún paciente: una visita aparece aquí por su CSN. El servicio tiene una auditoría propia, para los inicios de sesión y lo demás que no toca a una sola organización. Que usted la mire también es una entrada.",
    download: "Descargarla entera:",
    as_lines: "líneas JSON",
    as_fhir: "AuditEvent de FHIR",
    search_form: "Buscar en la auditoría",
    whose: "Auditoría de",
    service: "el servicio",
    not_in_force: "no está en vigor",
    who_field: "Quién (basta una parte del nombre)",
    action: "Acción",
    any: "Cualquiera",
    visit_field: "Visita (CSN o ID de conferencia)",
    from_field: "Desde",
    to_field: "Antes de, o hasta el final de un día",
    search: "Buscar",
    mend: "No se buscó nada. Corrija lo marcado y busque de nuevo.",
    unavailable: "La auditoría no se puede leer en este momento. Espere unos segundos y busque de nuevo.",
    empty: "Todavía no hay ninguna entrada.",
    none_found: "No se encontró ninguna entrada. Quite un filtro para ver más.",
    none_here: "De este lado ya no hay más entradas.",
    cut: "Hay muchas entradas: se revisaron de la {} a la {}, y la búsqueda sigue desde ahí. Una hora lleva allí de inmediato.",
    found: Plural {
        one: "{} entrada en esta página.",
        many: "{} entradas en esta página, primero las más recientes.",
    },
    caption: "Entradas de la auditoría, primero las más recientes",
    at: "Fecha y hora",
    who: "Quién",
    visit: "Visita",
    from: "Desde dónde",
    outcome: "Resultado",
    details: "Motivo, detalles",
    nobody_known: "nadie conocido",
    group: "grupo",
    meeting: "reunión",
    organization: "organización",
    entry: "entrada",
    node: "nodo",
    reference: "referencia",
    changed: "cambiada",
    whole_heading: "Si está íntegra",
    is_whole: "íntegra, hasta donde se miró",
    is_broken: "no está íntegra",
    checked: "Para esta página se leyeron las entradas de la {} a la {}. Cada una tiene el hash de sus propias palabras, y cada una menos la primera sigue a la anterior.",
    not_checked: "Ahora no se comprobó nada anterior ni posterior, ni si se cortó un extremo o se rehízo la cadena entera.",
    broken: "Conserve una copia del almacén y del registro tal como están, y avise a quien responde de la seguridad.",
    damaged: "Está dañada: no se puede leer dónde están sus páginas, así que no se puede mostrar ninguna entrada. El registro dice qué está mal.",
    missing: "Falta una parte de la cadena en el almacén.",
    newest_is: "La entrada más reciente es la {}, y su hash es",
    keep: "Guarde los dos fuera del almacén.",
    how_to_check: "Este comando dice si esa entrada sigue ahí y si la cadena entera está íntegra. Si el almacén no está en Redis, no puede tenerlo ningún servicio en ese momento; con --file y las líneas JSON descargadas en lugar de --config y su archivo se puede usar en cualquier momento:",
    pages: "Páginas",
    newest: "Entradas más recientes",
    newer: "Entradas posteriores",
    older: "Entradas anteriores",
    go_on_newer: "Seguir con las posteriores",
    go_on: "Seguir con las anteriores",
};
