//! The texts of pages that renew themselves, in each language. `{}` is where a time goes.

use serde::Serialize;

use super::language::Language;

/// What they say of their connection, and of forms that somebody is filling in meanwhile.
#[derive(Serialize)]
pub struct LiveWords {
    pub connecting: &'static str,
    pub live: &'static str,
    pub waiting_for_store: &'static str,
    pub reconnecting: &'static str,
    pub signed_out: &'static str,
    pub not_signed_in: &'static str,
    pub sign_in: &'static str,
    pub was_so: &'static str,
    pub lost: &'static str,
    pub unreachable: &'static str,
    pub store_away: &'static str,
    pub goes_on: &'static str,
    pub changed: &'static str,
    pub not_known: &'static str,
    pub gone: &'static str,
}

pub(super) fn words(language: Language) -> &'static LiveWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

pub(super) static ENGLISH: LiveWords = LiveWords {
    connecting: "Connecting…",
    live: "Live",
    waiting_for_store: "Waiting for the store…",
    reconnecting: "Reconnecting…",
    signed_out: "Signed out",
    not_signed_in: "You are not signed in any more.",
    sign_in: "Sign in again",
    was_so: "What is shown was so at {}.",
    lost: "Connection lost, showing state as of {}. Trying again.",
    unreachable: "The live stream cannot be reached. Trying again.",
    store_away: "The store does not answer at the moment.",
    goes_on: "This page goes on by itself as soon as it does.",
    changed: "Something has changed since you began to type. Below stands what was so then; what is about something else by now is not done.",
    not_known: "No answer came, so it is not known whether it was done. Look at what stands below before you do it again.",
    gone: "This cannot be shown at the moment.",
};

pub(super) static SPANISH: LiveWords = LiveWords {
    connecting: "Conectando…",
    live: "En directo",
    waiting_for_store: "Esperando al almacén…",
    reconnecting: "Conectando de nuevo…",
    signed_out: "Sesión cerrada",
    not_signed_in: "Su sesión ha terminado.",
    sign_in: "Iniciar sesión de nuevo",
    was_so: "Lo que se muestra era así a las {}.",
    lost: "Conexión perdida; se muestra el estado de las {}. Se intenta de nuevo.",
    unreachable: "No se puede conectar con el servicio. Se intenta de nuevo.",
    store_away: "El almacén no responde en este momento.",
    goes_on: "Esta página sigue por sí sola en cuanto responda.",
    changed: "Algo ha cambiado desde que empezó a escribir. Abajo está lo que era cierto entonces; lo que ya se refiere a otra cosa no se hace.",
    not_known: "No llegó ninguna respuesta, así que no se sabe si se hizo. Mire lo que dice abajo antes de hacerlo otra vez.",
    gone: "Esto no se puede mostrar en este momento.",
};
