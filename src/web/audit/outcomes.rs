//! How what somebody did ended, in words beside the codes that the audit keeps.

use crate::web::language::Language;

/// In English a code is its own words; in Spanish these are.
const SPANISH: [(&str, &str); 99] = [
    ("done", "hecho"),
    ("begun", "empezado"),
    ("counted", "contado"),
    ("failed", "no se hizo"),
    ("incomplete", "hecho en parte"),
    ("already-done", "ya estaba hecho"),
    ("count-changed", "ya eran otros"),
    ("nothing-to-send", "no había nada que enviar"),
    ("too-many", "eran demasiados"),
    ("already-paused", "ya estaba detenido"),
    ("not-paused", "no estaba detenido"),
    ("other-pause", "era otra pausa"),
    // Of acts on a visit and its guests.
    ("no-meeting", "no había reunión"),
    ("other-meeting", "ya había otra reunión"),
    ("no-link", "no había tal enlace"),
    ("link-gone", "no había tal enlace"),
    ("not-yet", "todavía no se había llevado a cabo"),
    ("not-here", "ya no estaba"),
    ("nothing-to-make-again", "no había reunión que crear de nuevo"),
    ("people-inside", "había personas en la reunión"),
    ("over", "la visita había terminado"),
    ("too-many-meetings", "ya había demasiadas reuniones"),
    ("not-parked", "ya no estaba pendiente"),
    ("too-many-guests", "ya había demasiados enlaces de invitado"),
    ("no-birth-date", "faltaba la fecha de nacimiento"),
    ("no-phone", "no era un número de teléfono"),
    ("no-country", "faltaba el código del país"),
    ("not-texted", "no se envió"),
    ("maybe-texted", "no se sabe si se envió"),
    ("no-more-texts", "no se pueden enviar más"),
    ("texts-busy", "había demasiados mensajes a la vez"),
    // Of whoever came to a visit.
    ("foreign-iss", "venía de otro servidor"),
    ("wrong-environment", "venía de otro entorno"),
    ("identity-not-confirmed", "Epic no confirmó quién era"),
    ("role-mismatch", "su rol no era el de ese enlace"),
    ("other-patient", "la visita era de otro paciente"),
    ("missing-visit-context", "no se dijo qué visita era"),
    ("missing-acc-id", "no se dijo qué cuenta era"),
    ("launch-not-served", "aquí no se entra de esa manera"),
    ("link-used-or-expired", "el enlace ya se había usado o había caducado"),
    ("link-unreadable", "el enlace no se pudo leer"),
    ("link-too-old", "el enlace era demasiado antiguo"),
    ("link-without-time", "el enlace no tenía hora"),
    ("no-launch-key", "no había clave para leer el enlace"),
    ("no-device-test", "no había prueba del dispositivo"),
    ("epic-not-answering", "Epic no respondía"),
    ("zoom-not-answering", "Zoom no respondía"),
    ("visit-over", "la visita había terminado"),
    ("visit-cancelled", "la visita estaba cancelada"),
    ("guest-link-not-good", "el enlace de invitado no era válido"),
    ("guest-link-locked", "el enlace de invitado estaba bloqueado"),
    ("guest-link-unchecked", "el enlace de invitado no se pudo comprobar"),
    ("too-early", "llegó demasiado pronto"),
    ("too-late", "llegó demasiado tarde"),
    ("not-this-browser", "era otro navegador"),
    ("something-went-wrong", "falló"),
    // Of settings.
    ("wrong", "había algo que no se pudo leer"),
    ("behind", "otra persona había guardado entretanto"),
    ("other-draft", "el borrador ya era otro"),
    ("no-draft", "no había ningún borrador"),
    ("not-checked", "el borrador no se había comprobado"),
    ("no-version", "no había tal versión"),
    ("no-such-version", "no había tal versión"),
    ("no-sealing-key", "no se podían conservar secretos"),
    ("of-files", "la organización está en los archivos del servicio"),
    ("not-confirmed", "no se confirmó"),
    // Of the Zoom account.
    ("other_account", "era otra cuenta de Zoom"),
    ("removed", "la app se había quitado en Zoom"),
    ("code_refused", "Zoom no aceptó el código"),
    ("credentials_refused", "Zoom no aceptó las credenciales"),
    ("scope_missing", "faltaba un permiso en Zoom"),
    ("zoom_not_answering", "Zoom no respondía"),
    ("store_not_answering", "el almacén no respondía"),
    // Of any request.
    ("store-unavailable", "el almacén no respondía"),
    ("issuer-unavailable", "el emisor no respondía"),
    ("overloaded", "el servicio estaba sobrecargado"),
    ("draining", "el servicio se estaba cerrando"),
    ("internal", "falló"),
    ("status", "falló"),
    ("unreadable", "no se pudo leer"),
    ("copy-failed", "no se hizo ninguna copia"),
    ("bad-request", "la petición no se pudo leer"),
    ("body-too-large", "la petición era demasiado grande"),
    ("method-not-allowed", "la petición no era de una clase admitida"),
    ("too-many-attempts", "eran demasiados intentos"),
    ("not-found", "ahí no había nada"),
    ("not-allowed", "no tenía permiso"),
    ("not-signed-in", "no había iniciado sesión"),
    ("not-loopback", "no venía de la propia máquina"),
    ("unknown-organization", "no había tal organización"),
    ("foreign-origin", "la petición venía de otro sitio"),
    ("no-such-visit", "no había tal visita"),
    ("wrong-token", "token equivocado"),
    ("wrong-secret", "secreto equivocado"),
    ("no-role", "sin ningún rol"),
    ("stale", "caducado o ya usado"),
    ("declined", "no se completó"),
    ("not_believed", "no se dio por bueno"),
    ("provider_unavailable", "el proveedor no respondía"),
];

/// How an act ended, by the code that the audit has; none where the language has no words of its own for it.
pub fn came_to(language: Language, code: &str) -> Option<String> {
    match language {
        Language::English => Some(code.replace(['-', '_'], " ")),
        Language::Spanish => {
            SPANISH.iter().find(|(known, _)| *known == code).map(|(_, words)| (*words).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::web::{ConnectTrouble, OrganizationNote, Reason, StoryNote, ToolsNote};

    fn is_done(note: ToolsNote) -> bool {
        use ToolsNote::{Ended, Identified, Invited, Revoked, Texted};
        matches!(note, Ended | Identified | Invited | Revoked | Texted)
    }

    #[test]
    fn how_anything_ends_has_words_in_spanish() {
        let launches = Reason::ALL.map(Reason::code);
        let settings = OrganizationNote::all().filter(|note| note.is_refusal()).map(OrganizationNote::code);
        let visits = StoryNote::ALL.into_iter().filter(|note| !note.is_done()).map(StoryNote::code);
        let tools = ToolsNote::ALL.into_iter().filter(|note| !is_done(*note)).map(ToolsNote::code);
        let zoom = ConnectTrouble::ALL.map(ConnectTrouble::code);
        for code in launches.into_iter().chain(settings).chain(visits).chain(tools).chain(zoom) {
            assert!(came_to(Language::Spanish, code).is_some(), "{code}");
        }
        let known: BTreeSet<_> = SPANISH.iter().map(|(code, _)| code).collect();
        assert_eq!(known.len(), SPANISH.len(), "none is there twice");
    }

    #[test]
    fn a_code_of_another_release_is_told_as_it_is() {
        assert_eq!(came_to(Language::English, "wrong-token").as_deref(), Some("wrong token"));
        assert_eq!(came_to(Language::Spanish, "of-another-release"), None);
    }
}
