//! Problems of a visit: in a few words for whoever reads them from afar, and in sentences that say what to do.

use std::collections::BTreeMap;

use vestibule_domain::intent::ProblemCode;

use super::super::language::Language;

/// The sentence about a problem. The domain has the English ones, which the API tells.
pub fn problem(language: Language, code: ProblemCode) -> &'static str {
    match language {
        Language::English => code.message(),
        Language::Spanish => spanish(code),
    }
}

/// The sentences by the code of the API, where they are others than the API's.
pub fn problems(language: Language) -> BTreeMap<&'static str, &'static str> {
    let differ = language != Language::English;
    let told = ProblemCode::ALL.into_iter().filter(|_| differ);
    told.map(|code| (code.as_str(), problem(language, code))).collect()
}

/// A few words by the code of the API.
pub fn problem_titles(language: Language) -> BTreeMap<&'static str, &'static str> {
    ProblemCode::ALL.into_iter().map(|code| (code.as_str(), problem_title(language, code))).collect()
}

/// A few words about a problem.
pub fn problem_title(language: Language, code: ProblemCode) -> &'static str {
    let (english, spanish) = both(code);
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}

fn both(code: ProblemCode) -> (&'static str, &'static str) {
    use ProblemCode as Code;
    match code {
        Code::WaitingRoomLocked => ("waiting room locked at Zoom", "sala de espera bloqueada en Zoom"),
        Code::JoinBeforeHostLocked => {
            ("join before host locked at Zoom", "entrada sin anfitrión bloqueada en Zoom")
        }
        Code::RegistrationUnavailable => ("no personal links", "sin enlaces personales"),
        Code::InviteLinkRefused => ("no link for the patient", "sin enlace para el paciente"),
        Code::PatientNoSeat => ("no place for the patient", "sin lugar para el paciente"),
        Code::PatientUserPending => ("patient’s user not active", "usuario del paciente no activo"),
        Code::PatientUserRefused => ("patient’s user refused", "usuario del paciente rechazado"),
        Code::PolicyDrift => ("meeting changed in Zoom", "reunión cambiada en Zoom"),
        Code::MeetingDeleted => ("meeting deleted in Zoom", "reunión borrada en Zoom"),
        Code::NoSeat => ("no Zoom seat for the provider", "sin licencia de Zoom para el proveedor"),
        Code::UserPending => ("provider has not accepted Zoom", "el proveedor no ha aceptado Zoom"),
        Code::UserRefused => ("provider’s Zoom user refused", "usuario de Zoom del proveedor rechazado"),
        Code::UserInactive => ("provider’s Zoom user inactive", "usuario de Zoom del proveedor inactivo"),
        Code::UserForeign => ("provider in another Zoom account", "el proveedor está en otra cuenta de Zoom"),
        Code::DefaultHostStandsIn => ("default host stands in", "anfitrión de reserva"),
        Code::NoDefaultHost => ("no default host free", "sin anfitrión de reserva libre"),
        Code::BasicUser => ("provider without licence: 40 min", "proveedor sin licencia: 40 min"),
        Code::ZoomUnavailable => ("Zoom does not answer", "Zoom no responde"),
        Code::ZoomUnauthorized => ("Zoom refuses our credentials", "Zoom rechaza las credenciales"),
        Code::ZoomNotConnected => ("Zoom account not connected", "cuenta de Zoom sin conectar"),
        Code::ZoomRateLimited => ("Zoom’s limit reached", "límite de Zoom alcanzado"),
        Code::ZoomRefused => ("Zoom refused the call", "Zoom rechazó la llamada"),
        Code::HostUnlicensed => ("host without licence", "anfitrión sin licencia"),
        Code::AlternativeHostRefused => ("alternative host refused", "anfitrión alternativo rechazado"),
        Code::NoExternalId => ("no id for the light", "sin identificador para la luz"),
        Code::UpdateParked => ("Epic did not take an update", "Epic no aceptó un aviso"),
        Code::CommandParked => ("something was set aside", "algo quedó apartado"),
        Code::HistoryFull => ("too long a history", "historial demasiado largo"),
        Code::AdmittedNotEntered => ("admitted and not come in", "admitido y no ha entrado"),
        Code::NoProviderSeen => ("no provider in the meeting", "sin proveedor en la reunión"),
        Code::CalledOff => ("called off in Epic", "cancelada en Epic"),
        Code::ProviderNotCome => ("provider has not come", "el proveedor no ha venido"),
        Code::PatientNotCome => ("patient has not come", "el paciente no ha venido"),
    }
}

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
fn spanish(code: ProblemCode) -> &'static str {
    use ProblemCode as Code;
    match code {
        Code::WaitingRoomLocked => {
            "El ajuste de sala de espera de la cuenta de Zoom está bloqueado en un valor distinto del que necesita la política de admisión. Desbloquéelo en Zoom."
        }
        Code::JoinBeforeHostLocked => {
            "El ajuste «entrar antes que el anfitrión» de la cuenta de Zoom está bloqueado como activado. Desbloquéelo en Zoom."
        }
        Code::RegistrationUnavailable => {
            "La reunión no conservó su registro, así que no se pueden crear enlaces personales. Compruebe la licencia del anfitrión."
        }
        Code::InviteLinkRefused => {
            "Zoom no quiso crear un enlace personal para alguien de la parte del paciente, que no puede entrar. Compruebe que el anfitrión puede programar reuniones; después, que abran la visita de nuevo."
        }
        Code::PatientNoSeat => {
            "Zoom no tiene lugar para el usuario temporal de un paciente, o la cuenta no puede crear usuarios de ese tipo (temporary_user_action). El paciente no puede entrar; libere un lugar y que abra la visita de nuevo."
        }
        Code::PatientUserPending => {
            "El usuario temporal de un paciente no está activo en Zoom, así que el paciente no puede entrar. Compruebe temporary_user_action y que abra la visita de nuevo."
        }
        Code::PatientUserRefused => {
            "Zoom no quiso crear el usuario temporal de un paciente, que no puede entrar. Compruebe registrant_email_domain y temporary_user_action, y que abra la visita de nuevo."
        }
        Code::PolicyDrift => {
            "Alguien cambió en Zoom los ajustes de esta reunión, que ya no corresponden a la política de admisión."
        }
        Code::MeetingDeleted => {
            "La reunión se borró en Zoom. La próxima vez que un proveedor abra la visita se crea otra."
        }
        Code::NoSeat => {
            "Zoom no tiene ninguna licencia libre del tipo configurado para un proveedor. Libere o compre una, y que abra la visita de nuevo."
        }
        Code::UserPending => "El usuario de Zoom del proveedor todavía no ha aceptado su invitación.",
        Code::UserRefused => {
            "Zoom no quiso encontrar o crear el usuario del proveedor. Compruebe el dominio de correo y la acción de alta."
        }
        Code::UserInactive => {
            "El usuario de Zoom del proveedor está desactivado. Actívelo en Zoom; la próxima vez que abra la visita se encontrará."
        }
        Code::UserForeign => {
            "La dirección del proveedor pertenece a otra cuenta de Zoom, o su dominio no lo administra esta cuenta. Pase el usuario o el dominio a esta cuenta, o cambie la dirección en Epic."
        }
        Code::DefaultHostStandsIn => {
            "Un anfitrión de reserva de la cuenta de Zoom sustituye a un proveedor cuyo propio usuario no se puede obtener; otro problema de la visita dice por qué. La próxima vez se vuelve a probar con el suyo."
        }
        Code::NoDefaultHost => {
            "No se puede obtener el usuario de Zoom de un proveedor, y ningún anfitrión de reserva está libre: cada uno atiende una reunión a la vez y necesita licencia. Añada uno a zoom.default_hosts o arregle el usuario del proveedor, del que habla el registro; después, que abra la visita de nuevo."
        }
        Code::BasicUser => {
            "No había licencia libre para un proveedor, así que su usuario de Zoom es básico: Zoom termina sus reuniones a los 40 minutos. La próxima vez recibe la licencia que quede libre."
        }
        Code::ZoomUnavailable => "Zoom no responde en este momento; se intenta de nuevo.",
        Code::ZoomUnauthorized => {
            "Zoom rechazó nuestras credenciales, o a la aplicación le falta un permiso."
        }
        Code::ZoomNotConnected => {
            "No se pide nada a Zoom para esta organización: su aplicación se quitó de la cuenta de Zoom, o hay que autenticarla. Un administrador lo hace en Configuración en Epic > Cuenta de Zoom; después todo sigue en un minuto, o la próxima vez que se abra la visita."
        }
        Code::ZoomRateLimited => {
            "Se alcanzó el límite de llamadas de Zoom; se intenta de nuevo cuando Zoom lo permita."
        }
        Code::ZoomRefused => "Zoom rechazó la llamada.",
        Code::HostUnlicensed => {
            "El anfitrión no tiene licencia de Zoom, así que no se pueden crear enlaces personales para los pacientes."
        }
        Code::AlternativeHostRefused => {
            "Zoom no aceptó a otro proveedor como anfitrión alternativo, así que no puede entrar. Dé una licencia a su usuario de Zoom y compruebe que está activo en esta cuenta; después, que abra la visita de nuevo."
        }
        Code::NoExternalId => {
            "Alguien llegó sin externalid, así que la luz no puede seguir a esa persona. Compruebe la línea CONTEXT del registro FDI."
        }
        Code::UpdateParked => {
            "Epic rechazó un aviso de estado definitivamente. El registro de notificaciones dice qué comprobar."
        }
        Code::CommandParked => "Una orden se apartó después de fallar tres veces.",
        Code::HistoryFull => {
            "Esta visita tiene más entradas o reuniones de las que se guardan; lo que vino después no se muestra."
        }
        Code::AdmittedNotEntered => {
            "Hace un minuto se admitió a alguien desde la sala de espera y no ha entrado en la reunión. Puede haber perdido la conexión; que entre otra vez."
        }
        Code::NoProviderSeen => {
            "Hay alguien en la reunión y no se vio a ningún proveedor. O Zoom le dejó entrar antes que el anfitrión (compruebe ese ajuste), o el proveedor entró con otro usuario de Zoom."
        }
        Code::CalledOff => {
            "Epic dice que la cita se canceló, no se cumplió o se registró por error, así que no se deja entrar a nadie. Cuando vuelva a constar en Epic, la visita se puede abrir de nuevo."
        }
        Code::ProviderNotCome => {
            "El paciente ha venido y ningún proveedor ha abierto la visita, aunque su hora ya pasó. Todavía la pueden abrir."
        }
        Code::PatientNotCome => {
            "Un proveedor ha abierto la visita y nadie ha venido por la parte del paciente, aunque su hora ya pasó."
        }
    }
}
