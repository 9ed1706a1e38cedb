//! What came of a button on the page, in each language.

use crate::web::language::Language;
use crate::web::notifier::NotifierNote;

/// What came of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationNote {
    Checked,
    Failed,
    Wrong,
    Saved,
    Behind,
    OtherDraft,
    Discarded,
    NoDraft,
    NotChecked,
    NoVersion,
    NoSealingKey,
    OfFiles,
    KeyReplaced,
    NotConfirmed,
    Removed,
    Notifier(NotifierNote),
}

impl OrganizationNote {
    const ALL: [Self; 15] = [
        Self::Checked,
        Self::Failed,
        Self::Wrong,
        Self::Saved,
        Self::Behind,
        Self::OtherDraft,
        Self::Discarded,
        Self::NoDraft,
        Self::NotChecked,
        Self::NoVersion,
        Self::NoSealingKey,
        Self::OfFiles,
        Self::KeyReplaced,
        Self::NotConfirmed,
        Self::Removed,
    ];

    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(NotifierNote::ALL.map(Self::Notifier))
    }

    /// As it stands in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Failed => "failed",
            Self::Wrong => "wrong",
            Self::Saved => "saved",
            Self::Behind => "behind",
            Self::OtherDraft => "other-draft",
            Self::Discarded => "discarded",
            Self::NoDraft => "no-draft",
            Self::NotChecked => "not-checked",
            Self::NoVersion => "no-version",
            Self::NoSealingKey => "no-sealing-key",
            Self::OfFiles => "of-files",
            Self::KeyReplaced => "key-replaced",
            Self::NotConfirmed => "not-confirmed",
            Self::Removed => "removed",
            Self::Notifier(note) => note.code(),
        }
    }

    /// What a code means, if anything.
    pub fn of(code: &str) -> Option<Self> {
        Self::all().find(|note| note.code() == code)
    }

    /// Whether nothing was done of what was asked for.
    pub fn is_refusal(self) -> bool {
        match self {
            Self::Checked
            | Self::Failed
            | Self::Saved
            | Self::Discarded
            | Self::KeyReplaced
            | Self::Removed => false,
            Self::Notifier(note) => !note.is_done(),
            _ => true,
        }
    }

    pub(super) fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::Spanish => self.spanish(),
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Checked => {
                "Nothing stands in the way. What you typed is your draft; it is not in force until you save it."
            }
            Self::Failed => {
                "Some checks failed. What you typed is your draft and not in force: mend it, or save it all the same, with a reason."
            }
            Self::Wrong => {
                "Something cannot be read. What you typed is your draft and not in force; what is wrong stands beside each field."
            }
            Self::Saved => "Saved. It is in force on every node within two seconds.",
            Self::Behind => {
                "Somebody else has saved since you began. Nothing was changed: look at what they changed first."
            }
            Self::OtherDraft => {
                "Your draft has been checked anew since this page was shown. Nothing was changed: look at it once more."
            }
            Self::Discarded => "Your draft is thrown away.",
            Self::NoDraft => "You have no draft. Nothing was changed.",
            Self::NotChecked => "The draft has to be checked before it is saved.",
            Self::NoVersion => "There is no such version any more. Nothing was changed.",
            Self::NoSealingKey => {
                "Secrets cannot be kept: set store.sealing_keys on every node first. Nothing was changed."
            }
            Self::OfFiles => {
                "This organization stands in the settings files of the service and is changed there. Nothing was changed."
            }
            Self::KeyReplaced => {
                "The API key is replaced. Records in Epic that carry the one before need acc_id now; the lines for them are under Set-up in Epic."
            }
            Self::NotConfirmed => "Write the organization's id to remove it. Nothing was changed.",
            Self::Removed => {
                "The organization is removed. Its launches and events are refused within two seconds."
            }
            Self::Notifier(note) => note.text(Language::English),
        }
    }

    fn spanish(self) -> &'static str {
        match self {
            Self::Checked => {
                "Nada lo impide. Lo que escribió es su borrador; no entra en vigor hasta que lo guarde."
            }
            Self::Failed => {
                "Algunas comprobaciones fallaron. Lo que escribió es su borrador y no está en vigor: corríjalo o guárdelo de todos modos, con un motivo."
            }
            Self::Wrong => {
                "Hay algo que no se puede leer. Lo que escribió es su borrador y no está en vigor; junto a cada campo dice qué está mal."
            }
            Self::Saved => "Guardado. Entra en vigor en todos los nodos en dos segundos.",
            Self::Behind => {
                "Otra persona ha guardado desde que usted empezó. No se cambió nada: mire primero qué cambió."
            }
            Self::OtherDraft => {
                "Su borrador se ha comprobado de nuevo desde que se mostró esta página. No se cambió nada: mírelo otra vez."
            }
            Self::Discarded => "Su borrador se ha descartado.",
            Self::NoDraft => "No tiene ningún borrador. No se cambió nada.",
            Self::NotChecked => "El borrador se debe comprobar antes de guardarlo.",
            Self::NoVersion => "Esa versión ya no existe. No se cambió nada.",
            Self::NoSealingKey => {
                "No se pueden conservar secretos: configure primero store.sealing_keys en todos los nodos. No se cambió nada."
            }
            Self::OfFiles => {
                "Esta organización está en los archivos de configuración del servicio y se cambia allí. No se cambió nada."
            }
            Self::KeyReplaced => {
                "La clave de API se ha reemplazado. Los registros de Epic que llevan la anterior necesitan ahora acc_id; sus líneas están en Configuración en Epic."
            }
            Self::NotConfirmed => "Escriba el id de la organización para eliminarla. No se cambió nada.",
            Self::Removed => {
                "La organización se ha eliminado. Sus inicios y eventos se rechazan en dos segundos."
            }
            Self::Notifier(note) => note.text(Language::Spanish),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_note_is_found_again_by_its_code_and_told_in_both_languages() {
        for note in OrganizationNote::all() {
            assert_eq!(OrganizationNote::of(note.code()), Some(note));
            let told = Language::ALL.map(|language| note.text(language));
            assert!(told[0].ends_with('.') && told[1].ends_with('.') && told[0] != told[1], "{told:?}");
        }
    }
}
