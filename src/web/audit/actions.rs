//! What somebody did, in plain words beside the codes that the audit keeps.

use crate::web::language::Language;

/// Every action that the audit may have: its code, and its words in English and in Spanish.
const ACTIONS: [(&str, &str, &str); 42] = [
    ("launch", "Came to a visit", "Llegó a una visita"),
    ("visit_viewed", "Looked at a visit", "Vio una visita"),
    ("visits_listed", "Looked at a list of visits", "Vio una lista de visitas"),
    ("board_opened", "Opened the board", "Abrió el tablero"),
    ("records_viewed", "Looked at notification records", "Vio registros de notificaciones"),
    ("parked_listed", "Looked at what was set aside", "Vio lo que quedó apartado"),
    ("records_exported", "Downloaded notification records", "Descargó registros de notificaciones"),
    ("backup_taken", "Copied the store", "Copió el almacén"),
    ("store_restored", "Put the store back from a copy", "Repuso el almacén desde una copia"),
    ("set_up_viewed", "Looked at how Epic or Zoom is set up", "Vio cómo están configurados Epic o Zoom"),
    ("audit_exported", "Downloaded the audit", "Descargó la auditoría"),
    ("audit_viewed", "Looked at the audit", "Vio la auditoría"),
    ("identify", "Said who somebody in a meeting is", "Dijo quién es alguien en una reunión"),
    ("meeting_ended", "Ended a meeting for everybody", "Terminó una reunión para todos"),
    ("guest_revoked", "Took a guest’s link back", "Retiró un enlace de invitado"),
    ("meeting_made_again", "Had a meeting made again", "Mandó crear una reunión de nuevo"),
    ("update_sent_again", "Had a parked update sent again", "Mandó enviar de nuevo un aviso apartado"),
    ("update_dropped", "Dropped a parked update", "Descartó un aviso apartado"),
    ("command_dropped", "Dropped what was set aside", "Descartó lo que quedó apartado"),
    ("notifications_resent", "Had notifications sent again", "Mandó enviar notificaciones de nuevo"),
    ("notifier_paused", "Paused what Epic is told", "Detuvo los avisos a Epic"),
    ("notifier_resumed", "Resumed what Epic is told", "Reanudó los avisos a Epic"),
    ("zoom_connect", "Went to connect the Zoom account", "Fue a conectar la cuenta de Zoom"),
    ("zoom_ask_again", "Asked Zoom for a token again", "Pidió de nuevo un token a Zoom"),
    ("settings_viewed", "Looked at settings", "Vio la configuración"),
    ("settings_exported", "Downloaded settings", "Descargó la configuración"),
    (
        "settings_checked",
        "Had a draft of settings checked",
        "Mandó comprobar un borrador de la configuración",
    ),
    ("settings_saved", "Saved settings", "Guardó la configuración"),
    ("settings_rolled_back", "Went back to earlier settings", "Volvió a una configuración anterior"),
    ("settings_imported", "Took settings in from a file", "Importó la configuración de un archivo"),
    (
        "settings_draft_moved",
        "Put a draft over newer settings",
        "Puso un borrador sobre una configuración más reciente",
    ),
    ("settings_draft_dropped", "Dropped a draft of settings", "Descartó un borrador de la configuración"),
    ("api_key_replaced", "Replaced the API key", "Cambió la clave de API"),
    ("organization_removed", "Removed the organization", "Eliminó la organización"),
    ("guest_invited", "Asked for a guest’s link", "Pidió un enlace de invitado"),
    (
        "guest_texted",
        "Had a guest’s link sent by text message",
        "Mandó un enlace de invitado por mensaje de texto",
    ),
    ("signed_in", "Signed in", "Inició sesión"),
    ("signed_out", "Signed out", "Cerró la sesión"),
    ("sign_in_failed", "Could not sign in", "No pudo iniciar sesión"),
    ("break_glass", "Used the emergency access", "Usó el acceso de emergencia"),
    ("break_glass_failed", "Could not use the emergency access", "No pudo usar el acceso de emergencia"),
    ("refused", "Was turned away", "Fue rechazado"),
];

/// The codes of all actions.
pub fn codes() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(code, ..)| *code)
}

/// Whether the audit may have it.
pub fn is_action(code: &str) -> bool {
    codes().any(|known| known == code)
}

/// What somebody did; none for a code that this release does not know.
pub(super) fn action(language: Language, code: &str) -> Option<&'static str> {
    let (_, english, spanish) = ACTIONS.iter().find(|(known, ..)| *known == code)?;
    Some(match language {
        Language::English => english,
        Language::Spanish => spanish,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_the_audit_may_have_is_what_its_description_lists() {
        let page = include_str!("../../../docs/audit.md");
        let (_, table) = page.split_once("| --- | --- | --- |").unwrap();
        let (table, _) = table.split_once("\n\n").unwrap();
        let first =
            table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | ")).map(|it| it.0);
        let described: BTreeSet<&str> =
            first.flat_map(|cell| cell.split(['`', ',', ' '])).filter(|code| !code.is_empty()).collect();
        assert_eq!(codes().collect::<BTreeSet<_>>(), described);
        assert_eq!(codes().count(), described.len(), "none is there twice");
    }

    #[test]
    fn each_action_is_in_the_words_of_each_language() {
        for code in codes() {
            let [english, spanish] = Language::ALL.map(|language| action(language, code).unwrap());
            assert_ne!(english, spanish, "{code}");
        }
        assert_eq!(action(Language::English, "of_another_release"), None);
    }
}
