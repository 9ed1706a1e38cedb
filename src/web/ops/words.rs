//! The texts of the wall screen, in each language. `{}` is where a number or a time goes.

use serde::Serialize;

use crate::web::language::Language;

/// The fixed texts of the wall screen.
#[derive(Serialize)]
pub struct WallWords {
    pub title: &'static str,
    // Counts at the top.
    pub running: &'static str,
    pub too_long: &'static str,
    pub with_problems: &'static str,
    pub lights_in_doubt: &'static str,
    // Whether what is shown is so.
    pub connecting: &'static str,
    pub live: &'static str,
    pub as_of: &'static str,
    pub lost: &'static str,
    pub unreachable: &'static str,
    pub store: &'static str,
    pub signed_out: &'static str,
    pub was_so: &'static str,
    pub sign_in: &'static str,
    // Visits.
    pub visits: &'static str,
    pub trouble: &'static str,
    pub waiting: &'static str,
    pub in_progress: &'static str,
    pub waiting_for_host: &'static str,
    pub scheduled: &'static str,
    pub ended: &'static str,
    pub group: &'static str,
    pub minutes: &'static str,
    pub light_in_doubt: &'static str,
    pub and_more: &'static str,
    // What is not shown.
    pub nothing: &'static str,
    pub not_known: &'static str,
    pub do_not_fit: &'static str,
    pub of_them_in_trouble: &'static str,
    pub of_them_waiting: &'static str,
    pub of_them_in_progress: &'static str,
    pub others: &'static str,
    pub no_script: &'static str,
    pub board: &'static str,
}

pub(super) fn wall(language: Language) -> &'static WallWords {
    match language {
        Language::English => &WALL_ENGLISH,
        Language::Spanish => &WALL_SPANISH,
    }
}

static WALL_ENGLISH: WallWords = WallWords {
    title: "Video visits now",
    running: "running",
    too_long: "waiting too long",
    with_problems: "with problems",
    lights_in_doubt: "lights in doubt",
    connecting: "Connecting…",
    live: "Live",
    as_of: "as of {}",
    lost: "NOT LIVE: the connection is lost.",
    unreachable: "NOT LIVE: the service cannot be reached.",
    store: "NOT LIVE: the store does not answer.",
    signed_out: "NOT LIVE: nobody is signed in any more.",
    was_so: "What is shown was so at {}.",
    sign_in: "Sign in again",
    visits: "Visits, those in trouble first",
    trouble: "Trouble",
    waiting: "Waiting",
    in_progress: "In progress",
    waiting_for_host: "nobody there",
    scheduled: "not begun",
    ended: "over",
    group: "group",
    minutes: "{} min",
    light_in_doubt: "light in doubt",
    and_more: "and {} more",
    nothing: "Nobody is waiting and no visit is running.",
    not_known: "Which visits there are is not known yet.",
    do_not_fit: "{} more do not fit here:",
    of_them_in_trouble: "{} in trouble",
    of_them_waiting: "{} waiting",
    of_them_in_progress: "{} in progress",
    others: "Beside these {} scheduled and {} ended.",
    no_script: "The wall screen needs JavaScript.",
    board: "Board with details",
};

static WALL_SPANISH: WallWords = WallWords {
    title: "Visitas por video ahora",
    running: "en curso",
    too_long: "esperan demasiado",
    with_problems: "con problemas",
    lights_in_doubt: "luces en duda",
    connecting: "Conectando…",
    live: "En directo",
    as_of: "a las {}",
    lost: "SIN CONEXIÓN: no llegan novedades.",
    unreachable: "SIN CONEXIÓN: el servicio no responde.",
    store: "SIN NOVEDADES: el almacén no responde.",
    signed_out: "SIN NOVEDADES: la sesión ha terminado.",
    was_so: "Lo que se muestra era así a las {}.",
    sign_in: "Iniciar sesión de nuevo",
    visits: "Visitas, primero las que tienen problemas",
    trouble: "Problema",
    waiting: "Esperando",
    in_progress: "En curso",
    waiting_for_host: "no hay nadie",
    scheduled: "sin empezar",
    ended: "terminada",
    group: "grupo",
    minutes: "{} min",
    light_in_doubt: "luz en duda",
    and_more: "y {} más",
    nothing: "Nadie espera y no hay ninguna visita en curso.",
    not_known: "Todavía no se sabe qué visitas hay.",
    do_not_fit: "{} más no caben aquí:",
    of_them_in_trouble: "{} con problemas",
    of_them_waiting: "{} esperando",
    of_them_in_progress: "{} en curso",
    others: "Además, {} programadas y {} terminadas.",
    no_script: "La pantalla de pared necesita JavaScript.",
    board: "Tablero con detalles",
};
