//! The Spanish sentences. Roles stand before their ids without an article, so that no sentence has to know of whom it tells.

use vestibule_actors::port::store::{Outcome, Record};
use vestibule_domain::effect::Says;
use vestibule_domain::intent::ProblemCode;
use vestibule_domain::visit::LaunchRefusal;
use vestibule_domain::visit::device_test::Settled;
use vestibule_domain::visit::history::{CallEnd, CallKind, CallLine, Event, Happened, Person, UpdateLine};
use vestibule_domain::visit::participant::{Presence, Role};
use vestibule_domain::visit::repair::Missing;

use super::{came_to, device, lateness, named};
use crate::http::timeline::entry::{ActView, Mark};
use crate::web::{Language, grouped, problem, problem_title, spoken_word};

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Provider => "Proveedor",
        Role::Patient => "Paciente",
        Role::Proxy => "Familiar",
        Role::Guest => "Invitado",
        Role::Unidentified => "Participante",
    }
}

fn called(who: &Person) -> String {
    named(Language::Spanish, who.role, who.id.as_ref())
}

pub(super) fn event(event: &Event, overtaken: bool) -> String {
    let about = match (&event.who, event.device) {
        (Some(who), _) => format!(": {}", called(who)),
        (None, Some(name)) if event.phone => format!(": un teléfono, dispositivo {}", device(name)),
        (None, Some(name)) => format!(": alguien sin identificar, dispositivo {}", device(name)),
        (None, None) => String::new(),
    };
    let rest = if event.ignored {
        " Es de una reunión que la visita no tenía entonces, y se ignoró."
    } else if overtaken {
        " No decía nada nuevo."
    } else {
        ""
    };
    format!("Zoom avisó de meeting.{}{about}.{rest}", event.event.as_str())
}

pub(super) fn line(what: &Happened) -> String {
    match what {
        Happened::Event(told) => event(told, false),
        Happened::Launched { who } => format!("{} abrió la visita.", called(who)),
        Happened::LaunchRefused { who, why } => {
            format!("{} abrió la visita y no se le dejó entrar: {}.", called(who), refusal(*why))
        }
        Happened::SentToZoom { who } => format!("{} pasó a Zoom.", called(who)),
        Happened::DeviceTested { who, outcome } => {
            let outcome = spoken_word(Language::Spanish, outcome.as_str());
            format!("{} volvió de una prueba de dispositivos: {outcome}.", called(who))
        }
        Happened::Repaired { missing } => repaired(*missing).to_owned(),
        Happened::Phase { phase } => {
            format!("La visita pasa a la fase «{}».", spoken_word(Language::Spanish, phase.as_str()))
        }
        Happened::Moved { who, presence } => format!("{} {}.", called(who), place(*presence)),
        Happened::MeetingMade { meeting } => {
            format!("La visita tiene la reunión de Zoom {}.", grouped(&meeting.to_string()))
        }
        Happened::MeetingGone { meeting } => {
            format!("La visita ya no tiene la reunión de Zoom {}.", grouped(&meeting.to_string()))
        }
        Happened::CallBegun(call) => format!("Se pide {} {}.", asked(call.call), task(call)),
        Happened::CallEnded { call, end, problem } => ended(call, *end, *problem),
        Happened::UpdateDecided(update) => format!("Se va a avisar a Epic: {}.", says(update)),
        Happened::UpdateSettled { update, how } => settled(update, *how),
        Happened::UpdateDropped(update) => {
            format!("Ya no se avisa a Epic: {}. El aviso se descartó por orden de alguien.", says(update))
        }
        Happened::ProblemRaised { problem: code } => {
            format!("Problema: {}", problem(Language::Spanish, *code))
        }
        Happened::ProblemCleared { problem: code } => {
            format!("Ya no es un problema: {}.", problem_title(Language::Spanish, *code))
        }
        Happened::Named { device: name, who } => {
            let who = who.as_ref().map_or_else(|| "nadie de la visita".to_owned(), called);
            format!("Ahora se dice que el dispositivo {} es de: {who}.", device(*name))
        }
        Happened::EndOrdered => "Se ordenó terminar la reunión para todos.".to_owned(),
        Happened::MakeAgainOrdered => "Se ordenó crear la reunión de nuevo.".to_owned(),
        Happened::EndsByItself => {
            "La reunión se termina para todos, porque ya no hay ningún proveedor en ella.".to_owned()
        }
        Happened::MeetingMissing => "Un proveedor encontró que Zoom ya no tiene esa reunión.".to_owned(),
        Happened::GuestInvited => "Se creó un enlace de invitado.".to_owned(),
        Happened::GuestRevoked => "Se retiró un enlace de invitado.".to_owned(),
        Happened::GuestTexted => {
            "Se entregó un enlace de invitado para enviarlo por mensaje de texto.".to_owned()
        }
        Happened::GuestAnswered { right: true } => {
            "Quien abrió un enlace de invitado sabía la fecha de nacimiento.".to_owned()
        }
        Happened::GuestAnswered { right: false } => {
            "Quien abrió un enlace de invitado dio una fecha de nacimiento equivocada.".to_owned()
        }
        Happened::StoreWentBack => {
            "El almacén volvió a un momento anterior y recibió esta visita de nuevo; pueden faltar entradas anteriores a esta.".to_owned()
        }
        Happened::CommandParked => "Algo quedó apartado, porque falló una y otra vez.".to_owned(),
        Happened::Left => {
            "La visita ya no se guarda; de ella quedan esta cronología y los registros de notificaciones.".to_owned()
        }
        Happened::Unknown => "Algo que esta versión no conoce; consúltelo con una posterior.".to_owned(),
    }
}

fn refusal(why: LaunchRefusal) -> &'static str {
    match why {
        LaunchRefusal::WrongPatient => "nombra a un paciente que no es el de la visita",
        LaunchRefusal::Over => "la visita ha terminado y ya no se puede abrir de nuevo",
        LaunchRefusal::Full => "la visita tiene tantas personas como admite",
        LaunchRefusal::Expired => "el enlace de invitado ha caducado",
        LaunchRefusal::Revoked => "el enlace de invitado fue retirado",
        LaunchRefusal::CalledOff => "Epic dice que la cita se canceló",
        LaunchRefusal::TooEarly => "falta mucho para la cita",
        LaunchRefusal::TooLate => "la cita fue hace mucho",
    }
}

fn repaired(missing: Missing) -> &'static str {
    match missing {
        Missing::Start => {
            "Se preguntó a Zoom, y la reunión está en curso: ningún evento había avisado de que empezó."
        }
        Missing::End => {
            "Se preguntó a Zoom, y la reunión ya no está en curso: ningún evento había avisado de que terminó."
        }
        Missing::Leave => {
            "Se preguntó a Zoom quién estuvo allí, y alguien ha salido: ningún evento había avisado de ello."
        }
    }
}

fn place(presence: Presence) -> &'static str {
    match presence {
        Presence::Gone => "no está ni en nuestra página ni en la reunión",
        Presence::Waiting => "espera al anfitrión",
        Presence::InWaitingRoom => "está en la sala de espera de Zoom",
        Presence::InMeeting => "está en la reunión",
    }
}

fn asked(call: CallKind) -> &'static str {
    if call == CallKind::IndexMeeting { "al almacén" } else { "a Zoom" }
}

fn task(call: &CallLine) -> String {
    let who = call.who.as_ref().map_or_else(|| "alguien".to_owned(), called);
    match call.call {
        CallKind::EnsureProvider => format!("encontrar o crear el usuario de {who}"),
        CallKind::CreateMeeting => "crear la reunión".to_owned(),
        CallKind::FindMeetings => "buscar una reunión que no se sabe si se creó".to_owned(),
        CallKind::DeleteMeeting => "eliminar una reunión".to_owned(),
        CallKind::IndexMeeting => "anotar de qué visita es la reunión".to_owned(),
        CallKind::SetAlternativeHosts => "dejar que otros proveedores inicien la reunión".to_owned(),
        CallKind::Register => format!("crear un enlace personal para {who}"),
        CallKind::CancelRegistrants => {
            "no dejar entrar a nadie por un enlace de invitado que fue retirado".to_owned()
        }
        CallKind::RemoveUser => format!("eliminar el usuario temporal de {who}"),
        CallKind::AskRegistration => "activar el registro de la reunión".to_owned(),
        CallKind::EndMeeting => "terminar la reunión para todos".to_owned(),
        CallKind::ReadMeeting => "decir si la reunión está en curso".to_owned(),
        CallKind::ReadAttendance => "decir quién estuvo en la reunión".to_owned(),
    }
}

fn ended(call: &CallLine, end: CallEnd, problem: Option<ProblemCode>) -> String {
    let (whom, task) = (asked(call.call), task(call));
    let tries = if call.attempt > 1 { format!(" (intento {})", call.attempt) } else { String::new() };
    if let Some(code) = problem {
        let why = crate::web::problem(Language::Spanish, code).trim_end_matches('.');
        return format!("Se pidió {whom} {task}, y no se hizo: {why}{tries}.");
    }
    match end {
        CallEnd::Done => format!("Se pidió {whom} {task}, y se hizo{tries}."),
        CallEnd::Failed => format!("Se pidió {whom} {task}, y no se hizo{tries}."),
        CallEnd::InDoubt => {
            format!("Se pidió {whom} {task}, y no hubo una respuesta clara: puede estar hecho o no{tries}.")
        }
        CallEnd::NotBegun => {
            format!("No se llegó a pedir {whom} {task}, porque el nodo tenía orden de cerrarse{tries}.")
        }
        CallEnd::MeetingGone => format!("Se pidió {whom} {task}, pero esa reunión ya no existe{tries}."),
        CallEnd::UserGone => format!("Se pidió {whom} {task}, pero ese usuario ya no existe{tries}."),
        CallEnd::Lost => format!("Se pidió {whom} {task}, y no hubo respuesta{tries}."),
        CallEnd::TooLate => format!("Se pidió {whom} {task}, y la respuesta llegó demasiado tarde{tries}."),
    }
}

fn says(update: &UpdateLine) -> String {
    let who = called(&update.who);
    update.says.map_or_else(|| format!("el aviso {} sobre {who}", update.seq), |says| status(&who, says))
}

pub(super) fn status(who: &str, says: Says) -> String {
    match says {
        Says::Connected(true) => format!("{who} ha entrado"),
        Says::Connected(false) => format!("{who} ha salido"),
        Says::DeviceTest(outcome) => {
            let outcome = spoken_word(Language::Spanish, outcome.as_str());
            format!("{who} ha hecho la prueba de dispositivos, {outcome}")
        }
    }
}

fn settled(update: &UpdateLine, how: Settled) -> String {
    match how {
        Settled::Delivered => format!("Epic ha confirmado: {}.", says(update)),
        Settled::Parked => {
            format!(
                "Se abandonó: {}. Epic rechazó el aviso definitivamente, o tardó demasiado.",
                says(update)
            )
        }
        Settled::Superseded => {
            format!("No se envió, porque otro aviso más reciente lo reemplazó: {}.", says(update))
        }
    }
}

pub(super) fn record(record: &Record) -> String {
    let again = if record.resend { " (enviado de nuevo por un operador)" } else { "" };
    let told = format!("{}{again}", status(role(record.role), record.says));
    let came = match record.outcome {
        Outcome::Superseded => {
            return format!("No se avisó a Epic, porque llegó algo más reciente: {told}.");
        }
        Outcome::Delivered => "entregado",
        Outcome::Retrying => "se intentará de nuevo",
        Outcome::Parked => "abandonado",
    };
    let answer = match record.resp_code {
        0 => "Sin respuesta".to_owned(),
        code => format!("RespCode {code}"),
    };
    let code = record.epic_code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    let (attempt, took) = (record.attempt, record.latency_ms);
    format!("Se avisó a Epic, intento {attempt}: {told}. {answer}{code} a los {took} ms: {came}.")
}

pub(super) fn act(act: &ActView) -> String {
    let did = match act.action.as_str() {
        "identify" => "dijo quién es alguien que está en la reunión".to_owned(),
        "meeting_ended" => "terminó la reunión para todos".to_owned(),
        "meeting_made_again" => "mandó crear la reunión de nuevo".to_owned(),
        "update_sent_again" => "mandó enviar de nuevo un aviso que Epic no aceptó".to_owned(),
        "update_dropped" => "descartó un aviso que Epic no aceptó".to_owned(),
        "command_dropped" => "descartó lo que quedó apartado".to_owned(),
        "guest_invited" => "pidió un enlace de invitado".to_owned(),
        "guest_revoked" => "retiró un enlace de invitado".to_owned(),
        "guest_texted" => "mandó enviar un enlace de invitado por mensaje de texto".to_owned(),
        other => format!("hizo algo ({other})"),
    };
    let by = act.by.as_deref().unwrap_or("Alguien");
    let why = act.reason.as_ref().map(|reason| format!(" Motivo: {reason}.")).unwrap_or_default();
    format!("{by} {did}: {}.{why}", came_to(Language::Spanish, &act.outcome))
}

pub(super) fn mark(mark: Mark, late_by_s: i64) -> String {
    match mark {
        Mark::Late => format!("con {} de retraso", lateness(late_by_s)),
        Mark::Duplicate => "duplicado".to_owned(),
        Mark::Repaired => "corregido".to_owned(),
        Mark::Ignored => "ignorado".to_owned(),
    }
}
