//! The texts of the frame around every page for the people who run the service, and of its index and sign-in, in each language.

use super::super::language::Language;

/// The frame, and what the pages are called there.
pub struct StaffWords {
    pub skip: &'static str,
    pub sign_out: &'static str,
    pub break_glass: &'static str,
    pub service: &'static str,
    pub live_visits: &'static str,
    pub records: &'static str,
    pub set_up: &'static str,
    pub audit: &'static str,
    /// What leads to the list for downtime.
    pub todays_visits: &'static str,
}

/// The field that asks whoever acts why.
pub struct ReasonField {
    pub label: &'static str,
    pub sample: &'static str,
    /// What is wrong with one that cannot be taken.
    pub wrong: &'static str,
    /// Before that, above the forms of a page.
    pub nothing_done: &'static str,
}

/// The index.
pub struct IndexWords {
    pub intro: &'static str,
    pub live_visits: &'static str,
    pub records: &'static str,
    pub set_up: &'static str,
    pub api: &'static str,
    pub api_text: &'static str,
    pub metrics: &'static str,
    pub metrics_text: &'static str,
    pub liveness: &'static str,
    pub readiness: &'static str,
}

/// The sign-in and the emergency access. `{}` is where a name or a time goes.
pub struct SignInWords {
    pub title: &'static str,
    pub intro: &'static str,
    pub signed_out: &'static str,
    pub unsent: &'static str,
    pub sign_out_there: &'static str,
    pub your_organization: &'static str,
    pub sign_in_with: &'static str,
    pub paste: &'static str,
    pub or_paste: &'static str,
    pub token: &'static str,
    pub sign_in: &'static str,
    pub emergency: &'static str,
    pub emergency_when: &'static str,
    pub wrong_token: &'static str,
    pub stale: &'static str,
    pub declined: &'static str,
    pub no_role: &'static str,
    pub unavailable: &'static str,
    pub not_believed: &'static str,
    pub emergency_text: &'static str,
    pub wrong_secret: &'static str,
    pub secret: &'static str,
    pub sign_in_to_everything: &'static str,
    pub back: &'static str,
}

impl Language {
    /// The frame in this language.
    pub fn staff(self) -> &'static StaffWords {
        match self {
            Self::English => &STAFF_ENGLISH,
            Self::Spanish => &STAFF_SPANISH,
        }
    }

    /// The field for a reason in this language.
    pub fn reason_field(self) -> &'static ReasonField {
        match self {
            Self::English => &REASON_ENGLISH,
            Self::Spanish => &REASON_SPANISH,
        }
    }
}

pub fn index_words(language: Language) -> &'static IndexWords {
    match language {
        Language::English => &INDEX_ENGLISH,
        Language::Spanish => &INDEX_SPANISH,
    }
}

pub fn sign_in_words(language: Language) -> &'static SignInWords {
    match language {
        Language::English => &SIGN_IN_ENGLISH,
        Language::Spanish => &SIGN_IN_SPANISH,
    }
}

static STAFF_ENGLISH: StaffWords = StaffWords {
    skip: "Skip to content",
    sign_out: "Sign out",
    break_glass: "Emergency access is in use. Everything that is done is on record; sign out when you are done.",
    service: "Service",
    live_visits: "Live visits",
    records: "Notification records",
    set_up: "Set-up in Epic",
    audit: "Audit",
    todays_visits: "Today’s visits, to print",
};

static STAFF_SPANISH: StaffWords = StaffWords {
    skip: "Ir al contenido",
    sign_out: "Cerrar sesión",
    break_glass: "El acceso de emergencia está en uso. Todo lo que se haga queda registrado; cierre la sesión al terminar.",
    service: "Servicio",
    live_visits: "Visitas en curso",
    records: "Registros de notificaciones",
    set_up: "Configuración en Epic",
    audit: "Auditoría",
    todays_visits: "Las visitas de hoy, para imprimir",
};

static REASON_ENGLISH: ReasonField = ReasonField {
    label: "Reason",
    sample: "for the audit, no names",
    wrong: "Say why: 3 to 200 characters on one line, and no name of a patient.",
    nothing_done: "Nothing was done.",
};

static REASON_SPANISH: ReasonField = ReasonField {
    label: "Motivo",
    sample: "para la auditoría, sin nombres",
    wrong: "Diga por qué: de 3 a 200 caracteres en una línea, sin el nombre de ningún paciente.",
    nothing_done: "No se hizo nada.",
};

static INDEX_ENGLISH: IndexWords = IndexWords {
    intro: "Video visits between the health record and the video call. Patients and providers come here from MyChart and Epic, not by this page.",
    live_visits: "Every visit as it moves through its phases, with the people in it and their lights.",
    records: "What was sent to Epic and how it answered, by Zoom meeting ID or CSN.",
    set_up: "The lines to paste into an organization’s FDI records.",
    api: "API description",
    api_text: "OpenAPI 3.1, for programs.",
    metrics: "Metrics",
    metrics_text: "Prometheus text.",
    liveness: "Liveness",
    readiness: "Readiness",
};

static INDEX_SPANISH: IndexWords = IndexWords {
    intro: "Visitas por video entre la historia clínica y la videollamada. Pacientes y proveedores llegan desde MyChart y Epic, no por esta página.",
    live_visits: "Cada visita a medida que avanza por sus fases, con las personas que están en ella y sus luces.",
    records: "Qué se envió a Epic y qué respondió, por ID de reunión de Zoom o por CSN.",
    set_up: "Las líneas que se pegan en los registros FDI de una organización.",
    api: "Descripción de la API",
    api_text: "OpenAPI 3.1, para programas.",
    metrics: "Métricas",
    metrics_text: "Texto de Prometheus.",
    liveness: "Si vive",
    readiness: "Si está listo",
};

static SIGN_IN_ENGLISH: SignInWords = SignInWords {
    title: "Sign in",
    intro: "These pages are for the people who run the service.",
    signed_out: "You have signed out here.",
    unsent: "Your session had ended before you sent that form, so that nothing was changed. Sign in, and send it again.",
    sign_out_there: "Sign out of {} as well",
    your_organization: "your organization",
    sign_in_with: "Sign in with {}",
    paste: "Paste an access token; a cookie keeps you signed in on this browser.",
    or_paste: "Or paste an access token; a cookie keeps you signed in on this browser.",
    token: "Access token",
    sign_in: "Sign in",
    emergency: "Emergency access",
    emergency_when: "when nobody can sign in otherwise",
    wrong_token: "This token is not valid. Check that it was copied whole, or ask for a new one.",
    stale: "This way to sign in has run out, was used before, or was begun in another browser. Sign in again.",
    declined: "The sign-in was not completed at your organization. Sign in again, or ask whoever manages its accounts.",
    no_role: "Your organization knows you, and no role is given to you here. Ask whoever manages the roles of this service.",
    unavailable: "Your organization's sign-in does not answer at the moment. Wait a few seconds and try again.",
    not_believed: "Your organization's sign-in gave an answer that is not believed here. Tell whoever runs this service.",
    emergency_text: "For when nobody can sign in otherwise. It lets you do everything in every organization for {}, raises an alarm at once, and stands in the audit with your reason.",
    wrong_secret: "This secret is not the one that is set up here. Check that it was typed whole.",
    secret: "Emergency secret",
    sign_in_to_everything: "Sign in as administrator of everything",
    back: "Back to the sign-in",
};

static SIGN_IN_SPANISH: SignInWords = SignInWords {
    title: "Iniciar sesión",
    intro: "Estas páginas son para quienes operan el servicio.",
    signed_out: "Ha cerrado la sesión aquí.",
    unsent: "Su sesión había terminado antes de enviar ese formulario, así que no se cambió nada. Inicie sesión y envíelo de nuevo.",
    sign_out_there: "Cerrar también la sesión de {}",
    your_organization: "su organización",
    sign_in_with: "Iniciar sesión con {}",
    paste: "Pegue un token de acceso; una cookie mantiene la sesión abierta en este navegador.",
    or_paste: "O pegue un token de acceso; una cookie mantiene la sesión abierta en este navegador.",
    token: "Token de acceso",
    sign_in: "Entrar",
    emergency: "Acceso de emergencia",
    emergency_when: "cuando nadie puede iniciar sesión de otro modo",
    wrong_token: "Este token no es válido. Compruebe que se copió entero, o pida uno nuevo.",
    stale: "Este inicio de sesión ha caducado, ya se usó o se empezó en otro navegador. Inicie sesión de nuevo.",
    declined: "El inicio de sesión no se completó en su organización. Inténtelo de nuevo o pregunte a quien administra las cuentas.",
    no_role: "Su organización le conoce, pero aquí no tiene ningún rol. Pregunte a quien administra los roles de este servicio.",
    unavailable: "El inicio de sesión de su organización no responde en este momento. Espere unos segundos e inténtelo de nuevo.",
    not_believed: "El inicio de sesión de su organización dio una respuesta que aquí no se acepta. Avise a quien opera este servicio.",
    emergency_text: "Para cuando nadie puede iniciar sesión de otro modo. Permite hacer todo en todas las organizaciones durante {}, da la alarma de inmediato y queda en la auditoría con su motivo.",
    wrong_secret: "Este secreto no es el configurado aquí. Compruebe que se escribió entero.",
    secret: "Secreto de emergencia",
    sign_in_to_everything: "Entrar como administrador de todo",
    back: "Volver al inicio de sesión",
};
