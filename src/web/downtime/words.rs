//! The texts of the list for downtime, in each language. `{}` is where a name, a day or a number goes.

use crate::web::language::Language;
use crate::web::words::Plural;

/// Where a visit stands, for whoever goes on by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    CalledOff,
    NobodyHasCome,
    WaitsForProvider,
    UnderWay,
    Over,
}

/// The fixed texts.
pub struct DowntimeWords {
    pub title: &'static str,
    pub heading: &'static str,
    pub test_environment: &'static str,
    pub as_of: &'static str,
    pub later: &'static str,
    pub how: &'static str,
    pub told_to_call: &'static str,
    pub no_visit: &'static str,
    pub visits: &'static str,
    pub counted: Plural,
    pub more: &'static str,
    pub time: &'static str,
    pub stands: &'static str,
    pub provider: &'static str,
    pub meeting: &'static str,
    pub passcode: &'static str,
    pub dial_in: &'static str,
    pub group: &'static str,
}

pub(super) fn of(language: Language) -> &'static DowntimeWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

impl Stands {
    pub(super) fn text(self, language: Language) -> &'static str {
        let (english, spanish) = match self {
            Self::CalledOff => ("called off", "cancelada"),
            Self::NobodyHasCome => ("nobody has come", "no ha venido nadie"),
            Self::WaitsForProvider => ("waits for the provider", "espera al proveedor"),
            Self::UnderWay => ("under way", "en curso"),
            Self::Over => ("over", "terminada"),
        };
        match language {
            Language::English => english,
            Language::Spanish => spanish,
        }
    }
}

static ENGLISH: DowntimeWords = DowntimeWords {
    title: "Today's video visits",
    heading: "{}: video visits of {}",
    test_environment: "Test environment",
    as_of: "This list is from",
    later: "What happened later is not on it.",
    how: "While the video visit service, Epic or Zoom is down: open the Zoom app, choose Join, and type the meeting ID; or dial one of the numbers, then the meeting ID and the passcode.",
    told_to_call: "People who wait are told to call",
    no_visit: "No visit of today is known.",
    visits: "Today's visits",
    counted: Plural { one: "{} visit", many: "{} visits" },
    more: "; there are more, which are not on this list",
    time: "Time",
    stands: "Stands",
    provider: "Provider",
    meeting: "Meeting ID",
    passcode: "Phone passcode",
    dial_in: "Dial in",
    group: "group",
};

static SPANISH: DowntimeWords = DowntimeWords {
    title: "Visitas por video de hoy",
    heading: "{}: visitas por video del {}",
    test_environment: "Entorno de prueba",
    as_of: "Esta lista es de las",
    later: "Lo que pasó después no está en ella.",
    how: "Mientras el servicio de visitas por video, Epic o Zoom no funcione: abra la aplicación de Zoom, elija Entrar y escriba el ID de la reunión; o marque uno de los números y después el ID y el código.",
    told_to_call: "A quienes esperan se les pide que llamen al",
    no_visit: "No se conoce ninguna visita de hoy.",
    visits: "Visitas de hoy",
    counted: Plural { one: "{} visita", many: "{} visitas" },
    more: "; hay más, que no están en esta lista",
    time: "Hora",
    stands: "Estado",
    provider: "Proveedor",
    meeting: "ID de la reunión",
    passcode: "Código por teléfono",
    dial_in: "Números",
    group: "grupo",
};
