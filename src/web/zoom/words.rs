//! The texts of the pages about a Zoom account, in each language.

use crate::web::language::Language;

/// Why an account was not connected, as people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectTrouble {
    /// The way was begun in another browser, too long ago, or ended once already.
    Stale,
    /// Somebody declined on Zoom's page.
    Declined,
    OtherAccount,
    /// The app was removed before the way had ended.
    Removed,
    Code,
    Credentials,
    Scope,
    Zoom,
    Store,
}

impl ConnectTrouble {
    pub const ALL: [Self; 9] = [
        Self::Stale,
        Self::Declined,
        Self::OtherAccount,
        Self::Removed,
        Self::Code,
        Self::Credentials,
        Self::Scope,
        Self::Zoom,
        Self::Store,
    ];

    /// For the log, the metrics and the page's reference.
    pub fn code(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Declined => "declined",
            Self::OtherAccount => "other_account",
            Self::Removed => "removed",
            Self::Code => "code_refused",
            Self::Credentials => "credentials_refused",
            Self::Scope => "scope_missing",
            Self::Zoom => "zoom_not_answering",
            Self::Store => "store_not_answering",
        }
    }

    pub fn status(self) -> u16 {
        match self {
            Self::Stale => 400,
            Self::Declined | Self::OtherAccount | Self::Removed => 403,
            Self::Code | Self::Credentials | Self::Scope | Self::Zoom => 502,
            Self::Store => 503,
        }
    }
}

/// The fixed texts.
pub struct ZoomWords {
    pub title: &'static str,
    pub test: &'static str,
    pub production: &'static str,
    pub connected: &'static str,
    pub connected_note: &'static str,
    pub in_doubt: &'static str,
    pub no_token: &'static str,
    pub no_token_note: &'static str,
    pub not_yet: &'static str,
    pub not_yet_note: &'static str,
    pub authenticate_again: &'static str,
    pub authenticate_again_note: &'static str,
    pub removed: &'static str,
    pub removed_note: &'static str,
    pub removed_own_note: &'static str,
    pub since: &'static str,
    pub account: &'static str,
    pub added_by: &'static str,
    pub forgotten_at: &'static str,
    pub is_forgotten: &'static str,
    pub connect: &'static str,
    pub reconnect: &'static str,
    pub connect_note: &'static str,
    pub ask_again: &'static str,
    pub scopes: &'static str,
    pub scopes_missing: &'static str,
    pub scopes_all: &'static str,
    pub scopes_unknown: &'static str,
    pub scope: &'static str,
    pub purpose: &'static str,
    pub granted: &'static str,
    pub yes: &'static str,
    pub missing: &'static str,
    pub not_known: &'static str,
    pub others: &'static str,
    pub at_zoom: &'static str,
    pub checked_at: &'static str,
    pub never_checked: &'static str,
    pub check_overdue: &'static str,
    pub result_title: &'static str,
    pub now_connected: &'static str,
    pub now_connected_note: &'static str,
    pub not_connected: &'static str,
    pub back: &'static str,
    pub close: &'static str,
    pub reference: &'static str,
}

pub(super) fn of(language: Language) -> &'static ZoomWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

/// What a scope is for.
pub(super) fn purpose(language: Language, scope: &str, english: &'static str) -> &'static str {
    match (language, scope) {
        (Language::English, _) => english,
        (_, "user:read:user:admin") => "encontrar a los proveedores",
        (_, "user:write:user:admin") => "crear los usuarios de los proveedores",
        (_, "user:update:user:admin") => "dar a los proveedores las licencias que queden libres",
        (_, "meeting:write:meeting:admin") => "crear las reuniones",
        (_, "meeting:read:meeting:admin") => "leer las reuniones y obtener los enlaces de inicio",
        (_, "meeting:read:list_meetings:admin") => "volver a encontrar las reuniones",
        (_, "meeting:read:list_past_participants:admin") => "leer quién estuvo en una reunión terminada",
        (_, "meeting:update:meeting:admin") => "poner anfitriones alternativos",
        (_, "meeting:delete:meeting:admin") => "eliminar reuniones sobrantes",
        (_, "meeting:update:status:admin") => "terminar las reuniones para todos",
        (_, "meeting:write:registrant:admin") => "crear los enlaces de los pacientes (inscritos)",
        (_, "meeting:update:registrant_status:admin") => "retirar los enlaces de los invitados",
        (_, "user:read:token:admin") => "dejar entrar a otros proveedores (su zak)",
        _ => english,
    }
}

pub(super) fn trouble(language: Language, trouble: ConnectTrouble) -> &'static str {
    match language {
        Language::English => english(trouble),
        Language::Spanish => spanish(trouble),
    }
}

fn english(trouble: ConnectTrouble) -> &'static str {
    match trouble {
        ConnectTrouble::Stale => {
            "This way to Zoom was begun in another browser, too long ago, or has ended already. Begin again from the page about the Zoom account."
        }
        ConnectTrouble::Declined => {
            "The app was not allowed on Zoom’s page, so nothing has changed. To connect, begin again and choose Allow."
        }
        ConnectTrouble::OtherAccount => {
            "The app was allowed for another Zoom account than this organization’s. Nothing of that account was kept; remove the app there. Sign out at Zoom, begin again, and sign in as an administrator of the account that the settings name (zoom.account_id)."
        }
        ConnectTrouble::Removed => {
            "The app was removed from the Zoom account while it was being connected. Begin again to add it once more."
        }
        ConnectTrouble::Code => {
            "Zoom did not take the permission, which is good for five minutes and once. Begin again."
        }
        ConnectTrouble::Credentials => {
            "Zoom does not take the app’s credentials. Check zoom.client_id and zoom.client_secret, that the redirect URL is registered with the app exactly as shown on the page about the Zoom account, and that the app is active."
        }
        ConnectTrouble::Scope => {
            "The app may not read users, so it cannot be told whose account it is. Add the scope user:read:user:admin to the app in Zoom’s marketplace, then begin again."
        }
        ConnectTrouble::Zoom => {
            "Zoom does not answer at the moment. Begin again in a few minutes: what was connected before may not go on for longer than an hour."
        }
        ConnectTrouble::Store => {
            "The store of this service does not answer at the moment. Begin again in a few minutes: what was connected before may not go on for longer than an hour."
        }
    }
}

fn spanish(trouble: ConnectTrouble) -> &'static str {
    match trouble {
        ConnectTrouble::Stale => {
            "Este paso por Zoom se inició en otro navegador, hace demasiado tiempo, o ya terminó. Empiece de nuevo desde la página de la cuenta de Zoom."
        }
        ConnectTrouble::Declined => {
            "La aplicación no se autorizó en la página de Zoom, así que nada ha cambiado. Para conectar, empiece de nuevo y elija permitir."
        }
        ConnectTrouble::OtherAccount => {
            "La aplicación se autorizó para otra cuenta de Zoom que la de esta organización. No se guardó nada de esa cuenta; quite allí la aplicación. Cierre la sesión en Zoom, empiece de nuevo y entre como administrador de la cuenta que nombra la configuración (zoom.account_id)."
        }
        ConnectTrouble::Removed => {
            "La aplicación se quitó de la cuenta de Zoom mientras se conectaba. Empiece de nuevo para añadirla otra vez."
        }
        ConnectTrouble::Code => {
            "Zoom no aceptó el permiso, que vale cinco minutos y una sola vez. Empiece de nuevo."
        }
        ConnectTrouble::Credentials => {
            "Zoom no acepta las credenciales de la aplicación. Compruebe zoom.client_id y zoom.client_secret, que la URL de redirección esté registrada en la aplicación tal como aparece en la página de la cuenta de Zoom, y que la aplicación esté activa."
        }
        ConnectTrouble::Scope => {
            "La aplicación no puede leer usuarios, así que no se sabe de quién es la cuenta. Añada el alcance user:read:user:admin a la aplicación en el marketplace de Zoom y empiece de nuevo."
        }
        ConnectTrouble::Zoom => {
            "Zoom no responde en este momento. Empiece de nuevo en unos minutos: lo que estaba conectado antes puede dejar de servir en menos de una hora."
        }
        ConnectTrouble::Store => {
            "El almacén de este servicio no responde en este momento. Empiece de nuevo en unos minutos: lo que estaba conectado antes puede dejar de servir en menos de una hora."
        }
    }
}

static ENGLISH: ZoomWords = ZoomWords {
    title: "Zoom account of",
    test: "Test",
    production: "Production",
    connected: "Connected",
    connected_note: "Visits may use this Zoom account.",
    in_doubt: "Visits may use this Zoom account. Its token is being renewed, and Zoom has not answered yet; it is tried again by itself.",
    no_token: "No token",
    no_token_note: "Zoom does not take the app’s credentials or does not answer. Check zoom.account_id, zoom.client_id and zoom.client_secret, and that the app is activated.",
    not_yet: "Not connected",
    not_yet_note: "No administrator has connected the Zoom account yet. Until then no visit can be held.",
    authenticate_again: "Has to be authenticated again",
    authenticate_again_note: "Zoom takes the refresh token no more, and nothing is asked of Zoom until an administrator has authenticated again. Visits that run go on in Zoom.",
    removed: "The app was removed",
    removed_note: "The app was removed from the Zoom account. Its tokens are deleted and nothing is asked of Zoom. Connect again to go on.",
    removed_own_note: "The app was removed from the Zoom account or switched off. Nothing is asked of Zoom. Activate it in Zoom’s marketplace, then ask again.",
    since: "Since",
    account: "Zoom account",
    added_by: "Added by the Zoom user",
    forgotten_at: "What Zoom told of its users is forgotten on",
    is_forgotten: "What Zoom told of its users was forgotten.",
    connect: "Connect to Zoom",
    reconnect: "Re-authenticate",
    connect_note: "Leads to Zoom. Sign in there as an administrator of this account and allow the app; then you come back here. What stands now stands until then.",
    ask_again: "Ask Zoom again",
    scopes: "Scopes",
    scopes_missing: "Some are missing. Add them to the app in Zoom’s marketplace, under Scopes; then authenticate again, or activate the app again.",
    scopes_all: "The app has all that visits need.",
    scopes_unknown: "Which scopes the app has is known once there is a token.",
    scope: "Scope",
    purpose: "What for",
    granted: "Granted",
    yes: "yes",
    missing: "missing",
    not_known: "not known",
    others: "Granted and not needed",
    at_zoom: "The app in Zoom’s marketplace",
    checked_at: "Last checked by Zoom:",
    never_checked: "Zoom has not checked it yet: validate it at the event subscription in Zoom's Marketplace.",
    check_overdue: "Zoom checks it every 72 hours and sends no events to one that fails again and again. Look at the event subscription in Zoom's Marketplace and validate it there.",
    result_title: "Zoom account",
    now_connected: "Zoom is connected",
    now_connected_note: "Every node uses the new authorization within a few seconds, and open visits go on by themselves.",
    not_connected: "Zoom was not connected",
    back: "To the page about the Zoom account",
    close: "This window can be closed.",
    reference: "For the help desk",
};

static SPANISH: ZoomWords = ZoomWords {
    title: "Cuenta de Zoom de",
    test: "Prueba",
    production: "Producción",
    connected: "Conectada",
    connected_note: "Las visitas pueden usar esta cuenta de Zoom.",
    in_doubt: "Las visitas pueden usar esta cuenta de Zoom. Su token se está renovando y Zoom aún no ha respondido; se intenta de nuevo sin más.",
    no_token: "Sin token",
    no_token_note: "Zoom no acepta las credenciales de la aplicación o no responde. Compruebe zoom.account_id, zoom.client_id y zoom.client_secret, y que la aplicación esté activada.",
    not_yet: "Sin conectar",
    not_yet_note: "Ningún administrador ha conectado todavía la cuenta de Zoom. Hasta entonces no puede haber visitas.",
    authenticate_again: "Hay que autenticarla de nuevo",
    authenticate_again_note: "Zoom ya no acepta el token de renovación, y no se le pide nada hasta que un administrador autentique de nuevo. Las visitas en curso siguen en Zoom.",
    removed: "Se quitó la aplicación",
    removed_note: "La aplicación se quitó de la cuenta de Zoom. Sus tokens están borrados y no se pide nada a Zoom. Conecte de nuevo para seguir.",
    removed_own_note: "La aplicación se quitó de la cuenta de Zoom o se desactivó. No se pide nada a Zoom. Actívela en el marketplace de Zoom y pregunte de nuevo.",
    since: "Desde",
    account: "Cuenta de Zoom",
    added_by: "Añadida por el usuario de Zoom",
    forgotten_at: "Lo que Zoom dijo de sus usuarios se olvida el",
    is_forgotten: "Lo que Zoom dijo de sus usuarios se olvidó.",
    connect: "Conectar con Zoom",
    reconnect: "Autenticar de nuevo",
    connect_note: "Lleva a Zoom. Entre allí como administrador de esta cuenta y permita la aplicación; después vuelve aquí. Lo que vale ahora vale hasta entonces.",
    ask_again: "Preguntar de nuevo a Zoom",
    scopes: "Alcances",
    scopes_missing: "Faltan algunos. Añádalos a la aplicación en el marketplace de Zoom, en Scopes; después autentique de nuevo, o active de nuevo la aplicación.",
    scopes_all: "La aplicación tiene todo lo que necesitan las visitas.",
    scopes_unknown: "Los alcances de la aplicación se saben cuando hay un token.",
    scope: "Alcance",
    purpose: "Para qué",
    granted: "Concedido",
    yes: "sí",
    missing: "falta",
    not_known: "no se sabe",
    others: "Concedidos y no necesarios",
    at_zoom: "La aplicación en el marketplace de Zoom",
    checked_at: "Última comprobación de Zoom:",
    never_checked: "Zoom aún no la ha comprobado: valídela en la suscripción a eventos, en el Marketplace de Zoom.",
    check_overdue: "Zoom la comprueba cada 72 horas y no envía eventos a la que falla una y otra vez. Mire la suscripción a eventos en el Marketplace de Zoom y valídela allí.",
    result_title: "Cuenta de Zoom",
    now_connected: "Zoom está conectado",
    now_connected_note: "Todos los nodos usan la nueva autorización en unos segundos, y las visitas abiertas siguen sin más.",
    not_connected: "Zoom no se conectó",
    back: "A la página de la cuenta de Zoom",
    close: "Puede cerrar esta ventana.",
    reference: "Para el servicio de ayuda",
};
