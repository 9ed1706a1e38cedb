//! The texts of the set-up pages, in each language.

use crate::web::language::Language;

/// The fixed texts.
pub struct FdiWords {
    pub set_up_intro: &'static str,
    pub zoom_account: &'static str,
    pub audit: &'static str,
    pub no_organization: &'static str,
    pub settings: &'static str,
    pub not_in_force: &'static str,
    pub new_organization: &'static str,
    pub new_id: &'static str,
    pub new_id_note: &'static str,
    pub no_id: &'static str,
    pub begin: &'static str,
    pub title: &'static str,
    pub intro: &'static str,
    pub test: &'static str,
    pub test_note: &'static str,
    pub production: &'static str,
    pub production_note: &'static str,
    pub client: &'static str,
    pub client_intro: &'static str,
    pub in_every: &'static str,
    pub line: &'static str,
    pub value: &'static str,
    pub with_each: &'static str,
    pub your_site: &'static str,
    pub launch_type_note: &'static str,
    pub url: &'static str,
    pub url_by_account: &'static str,
    pub account_alone: &'static str,
    pub account_with_key: &'static str,
    pub account_key_changed: &'static str,
    pub tokens: &'static str,
    pub tokens_note: &'static str,
    pub mychart_note: &'static str,
    pub accounts_by_address: &'static str,
    pub accounts_by_domain: &'static str,
    pub accounts_nowhere: &'static str,
    pub guest_note: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub not_copied: &'static str,
    pub try_it: &'static str,
    pub opens_new_window: &'static str,
}

/// What a record of one kind is for.
pub struct KindWords {
    pub name: &'static str,
    pub purpose: &'static str,
}

pub(super) fn of(language: Language) -> &'static FdiWords {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

pub(super) fn kind(language: Language, kind: &'static str) -> KindWords {
    let (name, purpose) = match language {
        Language::English => english(kind),
        Language::Spanish => spanish(kind),
    };
    KindWords { name, purpose }
}

static ENGLISH: FdiWords = FdiWords {
    set_up_intro: "The lines to paste into the FDI records of an organization’s Epic.",
    zoom_account: "Its Zoom account",
    audit: "Its audit",
    no_organization: "There is no organization yet.",
    settings: "Its settings",
    not_in_force: "not in force",
    new_organization: "Another organization",
    new_id: "Its id",
    new_id_note: "Lower-case letters and digits, with single dashes between. It stands in addresses and is never changed.",
    no_id: "This cannot be an id: it has lower-case letters and digits, with single dashes between, at most 64, and is not “new”.",
    begin: "Begin",
    title: "FDI records of",
    intro: "One FDI record in Epic for each kind of launch. The lines follow the settings of this organization.",
    test: "Test",
    test_note: "For the test environment. Do not paste these lines into the production environment.",
    production: "Production",
    production_note: "For the production environment, with real visits.",
    client: "The client in Epic",
    client_intro: "What is registered once, with the client whose ID the records carry.",
    in_every: "In every record",
    line: "Line",
    value: "Value",
    with_each: "stands with each kind of launch",
    your_site: "as your site has it",
    launch_type_note: "7 is a frame inside Epic, for which framing_hosts has to name Epic’s host; 6 is seen in the field as well, for a window of its own.",
    url: "URL (line 1)",
    url_by_account: "URL by the Zoom account",
    account_alone: "Either URL does. acc_id is the ID of the Zoom account and stays the same.",
    account_with_key: "Either URL does. acc_id is the ID of the Zoom account and stays the same; org_id is the API key, which changes when it is regenerated.",
    account_key_changed: "Either URL does. The API key was regenerated: a record with org_id alone is refused, so add acc_id as here, or use the first URL.",
    tokens: "About the tokens",
    tokens_note: "Epic fills in what stands between percent signs. The names before the equals signs are those of the settings under epic.context_names.",
    mychart_note: "stands for the ID of the MyChart user, a proxy’s own. Epic does not publish this token: look it up in your token library, and set epic.mychart_id_token so that this page shows the right one.",
    accounts_by_address: "A provider’s Zoom account is found by the e-mail address that the lines bring. Check the token in your token library.",
    accounts_by_domain: "The lines bring no e-mail address, so that a provider’s Zoom account is looked for, and made, under zoom.provider_email_domain. To find accounts that are there already, set epic.provider_email_token to the token for the user’s address from your token library.",
    accounts_nowhere: "The lines bring no e-mail address, and without one no provider’s Zoom account is found: providers will be refused. Set epic.provider_email_token to the token for the user’s address from your token library, or zoom.provider_email_domain.",
    guest_note: "Guests need no record: their links are made on the page of the visit tools.",
    copy: "Copy",
    copied: "Copied.",
    not_copied: "The browser does not let this page copy. The text is selected: copy it with the keyboard.",
    try_it: "Try it with the demo’s Epic",
    opens_new_window: "(opens a new window)",
};

fn english(kind: &'static str) -> (&'static str, &'static str) {
    match kind {
        "provider" => {
            ("Provider starts the visit", "Behind the connect button of Hyperspace, Haiku and Canto.")
        }
        "patient" => (
            "Patient joins the visit",
            "Behind the button of MyChart, on the web and on phones. A parent or another proxy uses the same record.",
        ),
        "group-provider" => (
            "Provider starts a group visit",
            "All who have the same conference ID meet in one call. With %CSN% in its place each patient would get a call of their own.",
        ),
        "group-patient" => (
            "Patient joins a group visit",
            "The conference ID leads to the call; Epic is told under each patient’s own CSN.",
        ),
        "visit-tools" => (
            "Visit tools",
            "The provider’s page beside the call: who waits, the link for a guest, dial-in, the end for all.",
        ),
        "device-test" => ("Device test", "Where people try camera and microphone before the visit."),
        other => (other, ""),
    }
}

static SPANISH: FdiWords = FdiWords {
    set_up_intro: "Las líneas que se pegan en los registros FDI del Epic de una organización.",
    zoom_account: "Su cuenta de Zoom",
    audit: "Su auditoría",
    no_organization: "Todavía no hay ninguna organización.",
    settings: "Su configuración",
    not_in_force: "no está en vigor",
    new_organization: "Otra organización",
    new_id: "Su identificador",
    new_id_note: "Letras minúsculas y cifras, con guiones sueltos entre ellas. Aparece en las direcciones y no se cambia nunca.",
    no_id: "Esto no puede ser un identificador: tiene letras minúsculas y cifras, con guiones sueltos entre ellas, 64 como máximo, y no es «new».",
    begin: "Empezar",
    title: "Registros FDI de",
    intro: "Un registro FDI en Epic por cada tipo de inicio. Las líneas siguen la configuración de esta organización.",
    test: "Prueba",
    test_note: "Para el entorno de prueba. No pegue estas líneas en el entorno de producción.",
    production: "Producción",
    production_note: "Para el entorno de producción, con visitas reales.",
    client: "El cliente en Epic",
    client_intro: "Lo que se registra una sola vez, con el cliente cuyo identificador llevan los registros.",
    in_every: "En cada registro",
    line: "Línea",
    value: "Valor",
    with_each: "está con cada tipo de inicio",
    your_site: "como en su centro",
    launch_type_note: "7 es un marco dentro de Epic, para el que framing_hosts debe nombrar el servidor de Epic; también se ve 6, para una ventana propia.",
    url: "URL (línea 1)",
    url_by_account: "URL por la cuenta de Zoom",
    account_alone: "Sirve cualquiera de las dos URL. acc_id es el identificador de la cuenta de Zoom y no cambia.",
    account_with_key: "Sirve cualquiera de las dos URL. acc_id es el identificador de la cuenta de Zoom y no cambia; org_id es la clave de API, que cambia cuando se regenera.",
    account_key_changed: "Sirve cualquiera de las dos URL. La clave de API se regeneró: un registro con org_id solo se rechaza, así que añada acc_id como aquí o use la primera URL.",
    tokens: "Sobre los símbolos",
    tokens_note: "Epic rellena lo que está entre signos de porcentaje. Los nombres delante de los signos de igual son los de epic.context_names en la configuración.",
    mychart_note: "representa el identificador del usuario de MyChart, el propio si actúa por otra persona. Epic no publica este símbolo: búsquelo en su biblioteca y ponga epic.mychart_id_token para que esta página muestre el correcto.",
    accounts_by_address: "La cuenta de Zoom de un proveedor se encuentra por la dirección de correo que llevan las líneas. Compruebe el símbolo en su biblioteca.",
    accounts_by_domain: "Las líneas no llevan dirección de correo, así que la cuenta de Zoom de un proveedor se busca, y se crea, bajo zoom.provider_email_domain. Para encontrar las cuentas que ya existen, ponga en epic.provider_email_token el símbolo de la dirección del usuario que indique su biblioteca.",
    accounts_nowhere: "Las líneas no llevan dirección de correo, y sin ella no se encuentra la cuenta de Zoom de ningún proveedor: se rechazará a los proveedores. Ponga en epic.provider_email_token el símbolo de la dirección del usuario que indique su biblioteca, o bien zoom.provider_email_domain.",
    guest_note: "Los invitados no necesitan registro: sus enlaces se crean en la página de herramientas de la visita.",
    copy: "Copiar",
    copied: "Copiado.",
    not_copied: "El navegador no permite copiar a esta página. El texto está seleccionado: cópielo con el teclado.",
    try_it: "Probarlo con el Epic de la demostración",
    opens_new_window: "(se abre en otra ventana)",
};

fn spanish(kind: &'static str) -> (&'static str, &'static str) {
    match kind {
        "provider" => {
            ("El proveedor inicia la visita", "Detrás del botón de conexión de Hyperspace, Haiku y Canto.")
        }
        "patient" => (
            "El paciente entra en la visita",
            "Detrás del botón de MyChart, en la web y en el teléfono. Un familiar u otro representante usa el mismo registro.",
        ),
        "group-provider" => (
            "El proveedor inicia una visita de grupo",
            "Quienes tienen el mismo identificador de conferencia se reúnen en una sola llamada. Con %CSN% en su lugar cada paciente tendría la suya.",
        ),
        "group-patient" => (
            "El paciente entra en una visita de grupo",
            "El identificador de conferencia lleva a la llamada; a Epic se le informa con el CSN de cada paciente.",
        ),
        "visit-tools" => (
            "Herramientas de la visita",
            "La página del proveedor junto a la llamada: quién espera, el enlace para un invitado, la entrada por teléfono, el fin para todos.",
        ),
        "device-test" => {
            ("Prueba del equipo", "Donde se prueban la cámara y el micrófono antes de la visita.")
        }
        other => (other, ""),
    }
}
