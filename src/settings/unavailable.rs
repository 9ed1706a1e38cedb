//! What the settings already have a name for and this release cannot do yet. A setting that asks for it is refused in
//! plain words; when a feature arrives, its line here goes.

enum Asked {
    /// Any value at all.
    Anything,
    /// One of these values.
    Values(&'static [&'static str]),
}

struct Unavailable {
    /// The full key; `*` stands for any organization.
    key: &'static str,
    asked: Asked,
    instead: &'static str,
}

const UNAVAILABLE: &[Unavailable] = &[
    Unavailable {
        key: "access.mode",
        asked: Asked::Values(&["jwt"]),
        instead: "use \"token\" or \"loopback\"",
    },
    Unavailable {
        key: "organization.*.patient_identity",
        asked: Asked::Values(&["invite_link", "temporary_user"]),
        instead: "use \"registrant\"",
    },
    Unavailable {
        key: "organization.*.epic.status_dialect",
        asked: Asked::Values(&["telehealth-2020"]),
        instead: "use \"connection-status-2018\"",
    },
    Unavailable {
        key: "organization.*.epic.launch_key",
        asked: Asked::Anything,
        instead: "remove it and launch by SMART on FHIR",
    },
    Unavailable {
        key: "organization.*.epic.launch_key_file",
        asked: Asked::Anything,
        instead: "remove it and launch by SMART on FHIR",
    },
    Unavailable {
        key: "organization.*.epic.launch_cipher",
        asked: Asked::Anything,
        instead: "remove it and launch by SMART on FHIR",
    },
];

/// What to tell a person who asks for something that is not there, or nothing where it is.
pub(super) fn refusal(path: &[String], value: &str) -> Option<String> {
    let found = UNAVAILABLE.iter().find(|entry| fits(entry.key, path) && entry.asked.covers(value))?;
    let what = match found.asked {
        Asked::Anything => "this setting".to_owned(),
        Asked::Values(_) => format!("\"{value}\""),
    };
    Some(format!("{what} is not available in this release; {}", found.instead))
}

fn fits(key: &str, path: &[String]) -> bool {
    let names: Vec<&str> = key.split('.').collect();
    names.len() == path.len() && names.iter().zip(path).all(|(name, given)| *name == "*" || name == given)
}

impl Asked {
    fn covers(&self, value: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Values(values) => values.contains(&value),
        }
    }
}
