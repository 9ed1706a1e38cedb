//! The texts of the board, in each language. `{}` is where a number, a time or a name goes.

use serde::Serialize;

use vestibule_domain::visit::device_test::TestOutcome;
use vestibule_domain::visit::participant::Role;

use crate::web::language::Language;
use crate::web::live::{self, LiveWords};
use crate::web::words;

/// The fixed texts of the board.
#[derive(Serialize)]
pub struct BoardWords {
    pub title: &'static str,
    pub for_a_wall: &'static str,
    /// Of the list of organizations that are paused.
    pub paused: &'static str,
    /// By whom, since when and why.
    pub paused_by: &'static str,
    pub no_script: &'static str,
    /// Of the connection.
    #[serde(flatten)]
    pub live: &'static LiveWords,
    // What is done from the board.
    pub act: &'static str,
    pub act_on: &'static str,
    pub resume: &'static str,
    pub resume_of: &'static str,
    pub close: &'static str,
    pub none: &'static str,
    pub away: &'static str,
    pub loading: &'static str,
    pub connecting_to_service: &'static str,
    pub showing: &'static str,
    pub no_fit: &'static str,
    pub per_phase: &'static str,
    pub all: &'static str,
    pub with_problems: &'static str,
    pub filter: &'static str,
    pub organization: &'static str,
    pub every: &'static str,
    pub phase: &'static str,
    pub text: &'static str,
    pub text_sample: &'static str,
    pub only_problems: &'static str,
    pub order: &'static str,
    pub by_visit: &'static str,
    pub last_changed: &'static str,
    pub visits: &'static str,
    pub caption: &'static str,
    pub visit: &'static str,
    pub phase_admittance: &'static str,
    pub people: &'static str,
    pub problems: &'static str,
    pub meeting: &'static str,
    pub updated: &'static str,
    pub group: &'static str,
    pub all_about: &'static str,
    pub may_come: &'static str,
    pub starts: &'static str,
    pub opens: &'static str,
    pub closes: &'static str,
    pub provider_expected: &'static str,
    pub patient_expected: &'static str,
    pub reopens: &'static str,
    pub ends: &'static str,
    pub start_missing: &'static str,
    pub end_missing: &'static str,
    pub leave_missing: &'static str,
    pub owner: &'static str,
    pub no_owner: &'static str,
    pub nobody: &'static str,
    pub and_more: &'static str,
    pub tested: &'static str,
    pub who_is_this: &'static str,
    pub light_on: &'static str,
    pub light_off: &'static str,
    pub turning_on: &'static str,
    pub turning_off: &'static str,
    pub nothing: &'static str,
    pub no_meeting: &'static str,
    pub waiting_room: &'static str,
}

pub(super) fn board(language: Language) -> &'static BoardWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

/// The API's words for phases, places, roles and the like, as the board says them; the phases first.
pub(super) fn spoken(language: Language) -> Vec<(&'static str, &'static str)> {
    let said = |(word, english, spanish)| match language {
        Language::English => (word, english),
        Language::Spanish => (word, spanish),
    };
    let roles = ROLES.map(|role| (role.as_str(), words::role(language, role)));
    let tests = TestOutcome::ALL.map(|outcome| (outcome.as_str(), words::test_outcome(language, outcome)));
    SPOKEN.map(said).into_iter().chain(roles).chain(tests).collect()
}

/// One of them. A word that is not the board's stands as it is.
pub fn spoken_word(language: Language, word: &'static str) -> &'static str {
    spoken(language).into_iter().find(|(known, _)| *known == word).map_or(word, |(_, said)| said)
}

/// Whoever may stand on the board.
const ROLES: [Role; 5] = [Role::Provider, Role::Patient, Role::Proxy, Role::Guest, Role::Unidentified];

static ENGLISH: BoardWords = BoardWords {
    title: "Live visits",
    for_a_wall: "For a screen on the wall",
    paused: "Paused",
    paused_by: "Epic is told nothing. Paused by {} since {}: {}",
    no_script: "The live board needs JavaScript. The same visits are at",
    live: &live::ENGLISH,
    act: "Act",
    act_on: "Act on visit {}",
    resume: "Resume",
    resume_of: "Resume {}",
    close: "Close",
    none: "No visits at the moment. They appear here when someone opens one.",
    away: "Which visits there are cannot be told while the store does not answer.",
    loading: "Loading…",
    connecting_to_service: "Connecting to the service…",
    showing: "Showing {} of {} visits. Narrow the filters to see the others.",
    no_fit: "No visit fits these filters.",
    per_phase: "Visits per phase",
    all: "all",
    with_problems: "with problems",
    filter: "Filter visits",
    organization: "Organization",
    every: "All",
    phase: "Phase",
    text: "Text",
    text_sample: "CSN, meeting, node…",
    only_problems: "Only with problems",
    order: "Order",
    by_visit: "By visit",
    last_changed: "Last changed first",
    visits: "Visits",
    caption: "Visits and the people in them, changing as it happens",
    visit: "Visit",
    phase_admittance: "Phase, admittance",
    people: "People and lights",
    problems: "Problems",
    meeting: "Meeting",
    updated: "Updated, by owner",
    group: "group {}",
    all_about: "All about this visit",
    may_come: "Patients may come from {} to {}",
    starts: "for",
    opens: "open",
    closes: "to",
    provider_expected: "provider expected by",
    patient_expected: "patient expected by",
    reopens: "may be opened again until",
    ends: "ends by itself",
    start_missing: "start not told, found by asking Zoom",
    end_missing: "end not told, found by asking Zoom",
    leave_missing: "leave not told, found by asking Zoom",
    owner: "{}, epoch {}",
    no_owner: "no owner",
    nobody: "nobody",
    and_more: "and {} more",
    tested: "{} tested: {},",
    who_is_this: "Who is this?",
    light_on: "light on",
    light_off: "light off",
    turning_on: "light off, turning on",
    turning_off: "light on, turning off",
    nothing: "none",
    no_meeting: "none",
    waiting_room: "waiting room",
};

static SPANISH: BoardWords = BoardWords {
    title: "Visitas en curso",
    for_a_wall: "Para una pantalla de pared",
    paused: "En pausa",
    paused_by: "No se avisa a Epic. En pausa por {} desde {}: {}",
    no_script: "El tablero necesita JavaScript. Las mismas visitas están en",
    live: &live::SPANISH,
    act: "Actuar",
    act_on: "Actuar en la visita {}",
    resume: "Reanudar",
    resume_of: "Reanudar {}",
    close: "Cerrar",
    none: "No hay visitas en este momento. Aparecen aquí cuando alguien abre una.",
    away: "No se puede decir qué visitas hay mientras el almacén no responde.",
    loading: "Cargando…",
    connecting_to_service: "Conectando con el servicio…",
    showing: "Se muestran {} de {} visitas. Use los filtros para ver las demás.",
    no_fit: "Ninguna visita cumple estos filtros.",
    per_phase: "Visitas por fase",
    all: "en total",
    with_problems: "con problemas",
    filter: "Filtrar las visitas",
    organization: "Organización",
    every: "Todas",
    phase: "Fase",
    text: "Texto",
    text_sample: "CSN, reunión, nodo…",
    only_problems: "Solo con problemas",
    order: "Orden",
    by_visit: "Por visita",
    last_changed: "Primero las últimas en cambiar",
    visits: "Visitas",
    caption: "Las visitas y las personas que están en ellas, a medida que cambian",
    visit: "Visita",
    phase_admittance: "Fase, admisión",
    people: "Personas y luces",
    problems: "Problemas",
    meeting: "Reunión",
    updated: "Actualizada, por nodo",
    group: "grupo {}",
    all_about: "Todo sobre esta visita",
    may_come: "Los pacientes pueden venir de {} a {}",
    starts: "para las",
    opens: "abierta de",
    closes: "a",
    provider_expected: "se espera al proveedor hasta las",
    patient_expected: "se espera al paciente hasta las",
    reopens: "se puede abrir de nuevo hasta las",
    ends: "termina por sí sola a las",
    start_missing: "inicio no avisado; se supo al preguntar a Zoom a las",
    end_missing: "final no avisado; se supo al preguntar a Zoom a las",
    leave_missing: "salida no avisada; se supo al preguntar a Zoom a las",
    owner: "{}, época {}",
    no_owner: "sin nodo",
    nobody: "nadie",
    and_more: "y {} más",
    tested: "{} hizo la prueba: {},",
    who_is_this: "¿Quién es?",
    light_on: "luz encendida",
    light_off: "luz apagada",
    turning_on: "luz apagada, encendiéndose",
    turning_off: "luz encendida, apagándose",
    nothing: "ninguno",
    no_meeting: "ninguna",
    waiting_room: "sala de espera",
};

/// The API's word, and what it is in English and in Spanish.
const SPOKEN: [(&str, &str, &str); 10] = [
    ("scheduled", "scheduled", "programada"),
    ("waiting_for_host", "waiting for host", "espera al anfitrión"),
    ("in_progress", "in progress", "en curso"),
    ("ended", "ended", "terminada"),
    ("automatic", "automatic", "automática"),
    ("manual", "manual", "manual"),
    ("gone", "gone", "fuera"),
    ("waiting", "waiting", "esperando"),
    ("in_waiting_room", "in waiting room", "en la sala de espera"),
    ("in_meeting", "in meeting", "en la reunión"),
];
