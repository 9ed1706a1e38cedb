//! The texts of a refusal. In English the sentence is the problem document's.

use crate::web::language::Language;

/// The kind whose sentence says what is wrong with this very request.
pub(super) const BAD_REQUEST: &str = "bad-request";

/// What there is to do.
#[derive(Clone, Copy)]
pub(super) enum Advice {
    LookElsewhere,
    GoBack,
    AskWhoever,
    Wait,
    Tell,
}

impl Advice {
    pub(super) fn of(code: &str) -> Self {
        match code {
            "not-found"
            | "unknown-organization"
            | "no-such-visit"
            | "no-such-version"
            | "method-not-allowed" => Self::LookElsewhere,
            BAD_REQUEST | "body-too-large" | "foreign-origin" => Self::GoBack,
            "not-signed-in" | "no-role" | "not-allowed" | "not-loopback" => Self::AskWhoever,
            "too-many-attempts" | "overloaded" | "draining" | "store-unavailable" | "issuer-unavailable" => {
                Self::Wait
            }
            _ => Self::Tell,
        }
    }
}

pub(super) fn advice(language: Language, advice: Advice) -> &'static str {
    let (english, spanish) = match advice {
        Advice::LookElsewhere => (
            "Check the address, or go on by one of the links above.",
            "Compruebe la dirección o siga por uno de los enlaces de arriba.",
        ),
        Advice::GoBack => (
            "Nothing was changed. Go back, put it right, and send it again.",
            "No se cambió nada. Vuelva atrás, corríjalo y envíelo de nuevo.",
        ),
        Advice::AskWhoever => (
            "Nothing was changed. Ask whoever gives the roles of this service.",
            "No se cambió nada. Pregunte a quien da los roles de este servicio.",
        ),
        Advice::Wait => (
            "Wait a few seconds and load the page again. Before you send a form again, look on its page whether it was carried out.",
            "Espere unos segundos y cargue la página de nuevo. Antes de enviar otra vez un formulario, mire en su página si se llevó a cabo.",
        ),
        Advice::Tell => (
            "Tell whoever runs this service the reference below.",
            "Comunique la referencia de abajo a quien opera este servicio.",
        ),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

/// The Spanish title.
pub(super) fn title(code: &str) -> Option<&'static str> {
    Some(match code {
        "not-found" => "No encontrado",
        "unknown-organization" => "Organización desconocida",
        "no-such-visit" => "No existe esa visita",
        "no-such-version" => "No existe esa versión",
        "method-not-allowed" => "Método no permitido",
        BAD_REQUEST => "Solicitud incorrecta",
        "body-too-large" => "Demasiado grande",
        "not-signed-in" => "Sin sesión iniciada",
        "issuer-unavailable" => "El emisor no responde",
        "no-role" => "Sin rol aquí",
        "not-loopback" => "No desde esta máquina",
        "not-allowed" => "No permitido",
        "foreign-origin" => "Desde otro sitio",
        "too-many-attempts" => "Demasiados intentos",
        "overloaded" => "Sobrecargado",
        "draining" => "Se está cerrando",
        "store-unavailable" => "El almacén no responde",
        "unreadable" => "Ilegible",
        "copy-failed" => "No se hizo ninguna copia",
        "internal" | "status" => "Algo salió mal",
        _ => return None,
    })
}

/// The Spanish sentence; none for one that is about a value of this request and has no translation.
pub(super) fn told(code: &str, english: &str) -> Option<&'static str> {
    Some(match code {
        "not-found" => "En esta dirección no hay nada.",
        "unknown-organization" => "Aquí no hay ninguna organización con ese nombre.",
        "no-such-visit" => {
            "Aquí no se conserva ninguna visita así; puede haber salido cuando pasó su tiempo."
        }
        "no-such-version" => "De esta organización no se conserva esa versión.",
        "method-not-allowed" => "Esta dirección no admite solicitudes de esa clase.",
        "body-too-large" => "Lo enviado es más grande de lo que admite esta dirección.",
        "not-signed-in" => "Para esto hay que iniciar sesión.",
        "issuer-unavailable" => "Quien firma los tokens que se aceptan aquí no responde.",
        "no-role" => "Se le conoce, pero aquí no tiene ningún rol; lo da access.grant en la configuración.",
        "not-loopback" => "Esto solo se permite desde la máquina en la que se ejecuta el servicio.",
        "not-allowed" => "Su rol no basta para esto; los roles los da access.grant en la configuración.",
        "foreign-origin" => "La solicitud viene de una página de otro sitio.",
        "too-many-attempts" => "Demasiados intentos con un token equivocado desde esta dirección.",
        "overloaded" => "Este nodo ya atiende tantas solicitudes como admite.",
        "draining" => "Este nodo se está cerrando; otro responde.",
        "store-unavailable" => "El almacén no responde.",
        "unreadable" => "Algo de lo que se conserva aquí no se puede leer.",
        "copy-failed" => "No se pudo hacer ninguna copia del almacén; el registro dice por qué.",
        "internal" => "Algo salió mal.",
        "status" => "No se sabe más de ello.",
        BAD_REQUEST => return of_a_value(english),
        _ => return None,
    })
}

/// What people get wrong most.
fn of_a_value(english: &str) -> Option<&'static str> {
    Some(match english {
        "The request cannot be read." => "La solicitud no se puede leer.",
        "The form cannot be read: a field is missing, or comes in another form than the page sends it." => {
            "El formulario no se puede leer: falta un campo, o viene de otra forma que como lo envía la página."
        }
        _ => return None,
    })
}
