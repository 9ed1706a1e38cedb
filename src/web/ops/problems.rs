//! Problems of a visit in a few words, for whoever reads them from afar.

use std::collections::BTreeMap;

use vestibule_domain::intent::ProblemCode;

use crate::web::language::Language;

/// By the code of the API.
pub(super) fn titles(language: Language) -> BTreeMap<&'static str, &'static str> {
    ProblemCode::ALL.into_iter().map(|code| (code.as_str(), title(language, code))).collect()
}

fn title(language: Language, code: ProblemCode) -> &'static str {
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
