//! The Spanish texts, in the polite form.

use super::{Advice, Ago, GuestWords, ReasonWords, ToolsWords, Words};
use vestibule_domain::visit::device_test::TestOutcome;

use crate::web::about::WallClock;
use crate::web::error_page::Reason;
use crate::web::message::MessageKey;

pub static WORDS: Words = Words {
    video_visit: "Visita por video",
    test_environment: "Entorno de prueba. No es para visitas reales.",
    title_waiting: "En espera de su visita por video",
    title_ready: "Ya puede entrar a su visita por video",
    title_ended: "Su visita por video ha terminado",
    title_cancelled: "Su visita por video fue cancelada",
    title_no_longer_valid: "Esta página ha caducado",
    promise_patient: "Deje esta página abierta. Entrará automáticamente cuando el anfitrión esté listo.",
    promise_provider: "Deje esta página abierta. Su reunión se abrirá aquí automáticamente.",
    cancelled_note: "Puede cerrar esta página. Si tiene alguna pregunta sobre su cita, llame a su clínica.",
    ended_note: "Puede cerrar esta página. Si la visita continúa, podrá volver a entrar desde aquí.",
    join_now: "Entrar ahora",
    while_you_wait: "Mientras espera",
    tips: [
        "Busque un lugar tranquilo y con buena luz.",
        "Si se le pregunta, permita el uso de la cámara y el micrófono.",
        "En un teléfono, conecte el cargador y mantenga la pantalla encendida.",
    ],
    test_device: "Probar su cámara y micrófono",
    test_device_help: "Ayuda con la prueba",
    opens_new_window: "(se abre en otra ventana)",
    help: "Ayuda",
    need_help: "¿Necesita ayuda? Llame al",
    connection_lost: "La conexión se ha interrumpido. Esta página sigue intentándolo y usted conserva su lugar.",
    call_meanwhile: "Si sigue así, llame al",
    joining: "Abriendo su visita por video…",
    joined_elsewhere: "Su visita se abrió en otra ventana. También puede entrar aquí.",
    came_back: "Su visita está en curso. Si no está en ella, puede volver a entrar.",
    not_any_more: "Todavía no es el momento. Esta página sigue esperando por usted.",
    no_link_yet: "El servicio de video no responde en este momento. Esta página sigue intentándolo.",
    no_longer_valid: "Esta página ha caducado. Ciérrela y abra la visita de nuevo desde donde la inició.",
    reload_note: "Esta página vuelve a comprobar cada 20 segundos.",
    check_now: "Comprobar ahora",
    stand_in_title: "Su reunión está lista",
    stand_in_text: "La reunión se abre en su propia ventana.",
    stand_in_link: "Abrir la reunión",
    onward_title: "Abriendo su visita",
    onward_text: "Un momento, por favor. Si no ocurre nada, pulse el botón.",
    onward_button: "Continuar",
    guest_title: "Le han invitado a una visita por video",
    guest_text: "Pulse el botón cuando esté listo. En la página siguiente esperará hasta que el anfitrión le deje entrar.",
    test_passed_title: "Su equipo está listo",
    test_passed_text: "La prueba salió bien. Su clínica puede verlo.",
    test_failed_title: "Algo todavía no funciona",
    test_failed_text: "La prueba encontró un problema, por ejemplo con la cámara, el micrófono o la conexión. Puede repetirla. De todos modos puede entrar a su visita.",
    test_unclear_title: "No sabemos cómo salió la prueba",
    test_unclear_text: "La prueba no nos dio un resultado claro. Puede repetirla, o entrar a su visita cuando sea la hora.",
    test_again: "Repetir la prueba",
    test_close: "Puede cerrar esta ventana y volver a MyChart.",
    test_back: "Volver a su visita",
    test_stand_in_text: "La prueba se abre en su propia ventana.",
    test_stand_in_link: "Abrir la prueba",
    what_to_do: "Qué puede hacer",
    reference: "Referencia",
    reference_note: "Si pide ayuda, indique esta referencia.",
};

pub static TOOLS: ToolsWords = ToolsWords {
    title: "Herramientas de la visita",
    people: "Quién está aquí",
    nobody: "Todavía no ha venido nadie.",
    who: "Persona",
    place: "Dónde",
    since: "Desde hace",
    provider: "Proveedor",
    patient: "Paciente",
    proxy: "Familiar",
    guest: "Invitado",
    telephone: "Teléfono",
    unidentified: "Sin identificar",
    whose: "¿Quién es?",
    whose_text: "Zoom no indica quiénes son. Si usted lo sabe, indíquelo: así su agenda mostrará que están aquí.",
    whose_device: "Es",
    nobodys: "No lo sé",
    identify: "Guardar",
    identified: "Guardado.",
    not_here: "Ya se ha ido.",
    waiting: "Esperando",
    in_waiting_room: "En la sala de espera",
    in_meeting: "En la reunión",
    gone: "No está",
    guests: "Invitados",
    guests_text: "Un enlace deja entrar a una persona, por ejemplo un intérprete, en esta visita. Envíelo solo a esa persona.",
    for_whom: "Para quién",
    invite: "Crear un enlace",
    link: "Enlace para el invitado",
    copy: "Copiar",
    copied: "Copiado",
    revoke: "Retirar el enlace",
    good_for: "Válido durante",
    dial_in: "Por teléfono",
    meeting_id: "ID de la reunión",
    passcode: "Código",
    number: "Número",
    end: "Terminar la reunión para todos",
    end_text: "Todos salen de la reunión de inmediato.",
    invited: "El enlace está listo. Envíelo a su invitado.",
    revoked: "El enlace fue retirado.",
    ended: "La reunión se está terminando para todos.",
    too_many_guests: "Esta visita tiene todos los enlaces abiertos que puede. Retire uno primero.",
    no_meeting: "Todavía no hay reunión.",
    not_yet: "Tarda más de lo habitual. Vuelva a mirar en un momento.",
};

pub static ADVICE: Advice = Advice {
    open_again_patient: "Cierre esta ventana y abra la visita de nuevo desde MyChart.",
    open_again_provider: "Cierre esta ventana y abra la visita de nuevo desde Epic.",
    open_again: "Cierre esta ventana y abra la visita de nuevo desde MyChart o Epic.",
    wait_and_open_patient: "Espere un minuto, cierre esta ventana y abra la visita de nuevo desde MyChart.",
    wait_and_open_provider: "Espere un minuto, cierre esta ventana y abra la visita de nuevo desde Epic.",
    wait_and_open: "Espere un minuto, cierre esta ventana y abra la visita de nuevo desde MyChart o Epic.",
    tell_support: "Avise a su servicio de ayuda o a su clínica e indique la referencia de abajo. No servirá intentarlo de nuevo.",
    own_account: "Cierre esta ventana, compruebe que ha iniciado sesión con su propia cuenta y abra su visita de nuevo.",
    ask_for_another: "Pida un enlace nuevo a la persona que le invitó.",
    open_later: "Cierre esta ventana y vuelva a abrir la visita desde MyChart cuando sea la hora.",
    call_clinic: "Llame a su clínica. Pueden abrirle la visita o buscar otra hora.",
    nothing: "Puede cerrar esta ventana.",
};

pub fn message(key: MessageKey) -> &'static str {
    match key {
        MessageKey::WaitingForHost => "Espere a que el anfitrión inicie esta reunión",
        MessageKey::MeetingBeingPrepared => "Su proveedor ya está aquí. Se está preparando la reunión.",
        MessageKey::NoWayIn => {
            "Su proveedor ya está aquí, pero no podemos abrirle la entrada a la reunión. Abra la visita de nuevo desde donde la inició. Si este mensaje no desaparece, llame a su clínica."
        }
        MessageKey::OpeningMeeting => "Se está abriendo su reunión. Tardará un momento.",
        MessageKey::OpeningTakesLonger => "Abrir su reunión tarda más de lo habitual. Seguimos intentándolo.",
        MessageKey::MeetingNotOpened => {
            "No se pudo abrir su reunión. Cierre esta página e inicie la visita de nuevo desde Epic."
        }
        MessageKey::NotTakenAsHost => {
            "Zoom no lo acepta como anfitrión de esta reunión. Avise a su servicio de ayuda que su cuenta de Zoom puede no tener licencia y después inicie la visita de nuevo desde Epic."
        }
        MessageKey::NoZoomSeat => {
            "Zoom no tiene ninguna licencia libre para usted, por lo que no puede iniciar esta visita. Avise al servicio de asistencia y después vuelva a iniciar la visita desde Epic."
        }
        MessageKey::ZoomInvitationOpen => {
            "Tiene una invitación a Zoom que todavía no ha aceptado. Acéptela en su correo electrónico y después vuelva a iniciar la visita desde Epic."
        }
        MessageKey::ZoomUserInactive => {
            "Su cuenta de Zoom está desactivada, por lo que no puede iniciar esta visita. Avise al servicio de asistencia y después vuelva a iniciar la visita desde Epic."
        }
        MessageKey::ZoomUserForeign => {
            "Su dirección de correo electrónico pertenece a una cuenta de Zoom ajena a esta organización, por lo que no puede iniciar esta visita. Avise al servicio de asistencia y después vuelva a iniciar la visita desde Epic."
        }
        MessageKey::NoDefaultHost => {
            "No tiene una cuenta de Zoom propia que se pueda usar, y quienes pueden ser anfitriones en su lugar están ocupados. Vuelva a iniciar la visita desde Epic dentro de unos minutos o avise al servicio de asistencia."
        }
        MessageKey::YouCanJoin => "El anfitrión ya está aquí. Puede entrar ahora.",
        MessageKey::GoingToWaitingRoom => {
            "El anfitrión ya está aquí. Pasará a la sala de espera y desde allí le dejarán entrar."
        }
        MessageKey::NotYetTime => "Llega con tiempo. Su visita se abrirá cuando se acerque la hora.",
        MessageKey::VisitEnded => "Esta visita ha terminado.",
        MessageKey::VisitCancelled => "Esta visita fue cancelada.",
        MessageKey::ConnectionTrouble => {
            "Tenemos problemas para acceder a su visita. Quédese en esta página."
        }
    }
}

pub static MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

pub fn video_silent(phone: Option<&str>) -> String {
    let tried = "El servicio de video no responde en este momento. Seguimos intentándolo.";
    phone.map_or_else(|| tried.to_owned(), |phone| format!("{tried} Si tarda mucho, llame al {phone}."))
}

pub fn will_see_you(provider: &str) -> String {
    format!("{provider} le atenderá.")
}

pub fn tested(outcome: TestOutcome, ago: Ago) -> String {
    let outcome = match outcome {
        TestOutcome::Passed => "superada",
        TestOutcome::Failed => "no superada",
        TestOutcome::Unclear => "sin resultado claro",
    };
    let ago = match ago {
        Ago::Minutes(minutes) => format!("{minutes} min"),
        Ago::Hours(hours) => format!("{hours} h"),
        Ago::Days(days) => format!("{days} días"),
    };
    format!("Prueba del equipo {outcome}, hace {ago}")
}

pub fn was_moved(to: Option<&WallClock>) -> String {
    let Some(to) = to else { return "Esta visita se cambió para más tarde.".to_owned() };
    let clock = clock(to);
    match day(to) {
        Some(day) => format!("Esta visita se cambió al {day} a {clock}."),
        None => format!("Esta visita se cambió a {clock}."),
    }
}

pub fn may_come(from: Option<&WallClock>) -> String {
    let Some(from) = from else { return "Puede entrar poco antes de su cita.".to_owned() };
    let clock = clock(from);
    match day(from) {
        Some(day) => format!("Puede entrar a partir del {day} a {clock}."),
        None => format!("Puede entrar a partir de {clock}."),
    }
}

/// With its article: la una, las dos.
fn clock(at: &WallClock) -> String {
    let (hour, minute, past_noon) = at.twelve();
    let article = if hour == 1 { "la" } else { "las" };
    let half = if past_noon { "p. m." } else { "a. m." };
    format!("{article} {hour}:{minute:02} {half} ({})", at.zone)
}

fn day(at: &WallClock) -> Option<String> {
    let (month, day) = at.day?;
    Some(format!("{day} de {}", MONTHS.get(month.checked_sub(1)?)?))
}

const NO_DEVICE_TEST: (&str, &str) = (
    "Aquí no hay prueba del equipo",
    "Su clínica no tiene una página para probar la cámara y el micrófono. De todos modos puede entrar a su visita.",
);

const VISIT_CANCELLED: (&str, &str) = (
    "Esta visita fue cancelada",
    "La cita de esta visita ya no está en pie. Si es un error, la visita se podrá abrir de nuevo en cuanto se corrija la cita.",
);

#[expect(clippy::too_many_lines, reason = "a table with a row for each reason")]
pub fn reason(reason: Reason) -> ReasonWords {
    let (title, what_happened) = match reason {
        Reason::UnknownOrganization => (
            "No conocemos esta organización",
            "El enlace indica un sistema de salud que no está configurado aquí.",
        ),
        Reason::NotFound => ("Esta página no existe", "La dirección no lleva a ninguna parte."),
        Reason::ForeignServer => (
            "Esta visita viene de un sistema desconocido",
            "El enlace se abrió desde un sistema que no está configurado aquí.",
        ),
        Reason::WrongEnvironment => (
            "El sistema de prueba y el real no coinciden",
            "La visita se abrió desde un sistema de prueba para uno real, o al revés.",
        ),
        Reason::IdentityNotConfirmed => (
            "No pudimos confirmar quién es usted",
            "No se pudo comprobar el inicio de sesión que acompaña a esta visita.",
        ),
        Reason::RoleMismatch => (
            "Este enlace es para otra persona",
            "Los proveedores y los pacientes tienen sus propios enlaces, y este no es para usted.",
        ),
        Reason::OtherPatient => ("Esta no es su visita", "La visita pertenece a otro paciente."),
        Reason::MissingVisitContext => {
            ("No sabemos de qué visita se trata", "El enlace no indica a qué cita pertenece.")
        }
        Reason::MissingAccountId => (
            "Este enlace está incompleto",
            "El enlace debe llevar el identificador de cuenta de la organización (acc_id) y no lo lleva.",
        ),
        Reason::LaunchNotServed => (
            "Este tipo de visita no se ofrece aquí",
            "El enlace abre un tipo de visita que este servicio todavía no ofrece.",
        ),
        Reason::LinkUsedOrExpired => (
            "Este enlace ha caducado",
            "Por su seguridad, cada enlace funciona una sola vez, por poco tiempo y en el navegador que lo abrió.",
        ),
        Reason::LinkUnreadable => {
            ("Este enlace no se puede leer", "El enlace está dañado o ya no es válido.")
        }
        Reason::LinkTooOld => {
            ("Este enlace ha caducado", "El enlace a una visita vale solo por un tiempo, y ya pasó.")
        }
        Reason::LinkWithoutTime => {
            ("Este enlace está incompleto", "El enlace debe decir de cuándo es, y no lo dice.")
        }
        Reason::NoLaunchKey => {
            ("Este enlace no se puede usar aquí", "Está cifrado y su clave no se ha configurado aquí.")
        }
        Reason::NoDeviceTest => NO_DEVICE_TEST,
        Reason::EpicNotAnswering => (
            "No podemos acceder al expediente médico",
            "El sistema de expedientes médicos no responde en este momento.",
        ),
        Reason::ZoomNotAnswering => {
            ("No podemos abrir la reunión", "El servicio de video no responde en este momento.")
        }
        Reason::Overloaded => {
            ("Hay mucha demanda", "Demasiadas personas están abriendo visitas en este momento.")
        }
        Reason::VisitOver => ("Esta visita ya pasó", "El tiempo para esta visita ha pasado."),
        Reason::GuestLinkNotGood => GUESTS.link_not_good,
        Reason::GuestLinkLocked => GUESTS.link_locked,
        Reason::GuestLinkUnchecked => GUESTS.link_unchecked,
        Reason::VisitCancelled => VISIT_CANCELLED,
        Reason::TooEarly => {
            ("Es demasiado pronto para esta visita", "La visita se abre poco antes de la hora de su cita.")
        }
        Reason::TooLate => (
            "Ya pasó la hora de esta visita",
            "Ya no es posible entrar a la visita, porque la cita era hace un rato.",
        ),
        Reason::NotThisBrowser => (
            "Esta página pertenece a otro navegador",
            "Una página de espera solo funciona en el navegador en el que se abrió la visita.",
        ),
        Reason::NotSignedIn => ("Inicie sesión", "Esta página es para quienes administran el servicio."),
        Reason::SomethingWentWrong => ("Algo salió mal", "Fue un error nuestro, no suyo."),
    };
    ReasonWords { title, what_happened }
}

pub static GUESTS: GuestWords = GuestWords {
    question: "Antes de continuar, díganos cuándo nació el paciente. En la página siguiente esperará hasta que el anfitrión le deje entrar.",
    legend: "Fecha de nacimiento del paciente",
    hint: "La fecha de la persona cuya visita es, no la de usted.",
    month: "Mes",
    choose_month: "Elija un mes",
    day: "Día",
    year: "Año (4 cifras)",
    incomplete: "Indique el día, el mes y el año con 4 cifras.",
    link_not_good: ("Esta invitación ya no es válida", "El enlace ha caducado o fue retirado."),
    link_locked: (
        "Esta invitación está bloqueada",
        "Se indicó demasiadas veces una fecha de nacimiento que no es la del paciente.",
    ),
    link_unchecked: (
        "Esta invitación no se puede abrir",
        "El enlace pide la fecha de nacimiento del paciente y en este momento no podemos comprobarla.",
    ),
    wrong: "Esa no es la fecha de nacimiento que tenemos del paciente. Compruébela e inténtelo de nuevo.",
    asks_birth_date: "A quien lo abra se le pide la fecha de nacimiento del paciente.",
    no_birth_date: "No se puede crear un enlace: los enlaces piden la fecha de nacimiento del paciente y Epic no la ha indicado. Cierre esta página y ábrala de nuevo desde la cita del propio paciente. Si sigue así, avise a su servicio de ayuda.",
    locked: "Bloqueado: se indicó demasiadas veces una fecha de nacimiento equivocada. Retire este enlace y cree uno nuevo.",
    phone: "Número de móvil",
    phone_hint: "El número se entrega al servicio de mensajes de su organización y no se guarda aquí.",
    send_text: "Enviar por mensaje de texto",
    texts_sent: "Mensajes de texto hasta ahora:",
    no_more_texts: "No se pueden enviar más mensajes con este enlace. Cópielo o cree uno nuevo.",
    texted: "El mensaje de texto se envió.",
    not_texted: "El mensaje de texto no se envió. Inténtelo más tarde, o copie el enlace y envíelo usted. Si sigue así, avise a su servicio de ayuda e indique la referencia.",
    maybe_texted: "Es posible que el mensaje de texto se haya enviado: el servicio no respondió a tiempo. Pregunte a su invitado antes de enviarlo de nuevo.",
    no_phone: "Eso no es un número de móvil. No se envió nada.",
    no_country: "Indique el número con + y el código del país, por ejemplo +1 312 555 0123. No se envió nada.",
    texts_busy: "En este momento se envían demasiados mensajes de texto. No se envió nada; inténtelo de nuevo en un minuto.",
    link_gone: "Este enlace ya no es válido. No se envió nada.",
};

pub fn invitation(organization: &str, link: &str) -> String {
    format!("{organization}: le invitan a una visita por video. Abra este enlace cuando sea la hora: {link}")
}
