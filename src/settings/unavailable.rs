//! What the settings already have a name for and this release cannot do yet. A setting that asks for it is refused in
//! plain words; when a feature arrives, its line here goes.

struct Unavailable {
    /// The full key; `*` stands for any organization.
    key: &'static str,
    values: &'static [&'static str],
    instead: &'static str,
}

const UNAVAILABLE: &[Unavailable] =
    &[Unavailable { key: "access.mode", values: &["jwt"], instead: "use \"token\" or \"loopback\"" }];

/// What to tell a person who asks for something that is not there, or nothing where it is.
pub(super) fn refusal(path: &[String], value: &str) -> Option<String> {
    let found = UNAVAILABLE.iter().find(|entry| fits(entry.key, path) && entry.values.contains(&value))?;
    Some(format!("\"{value}\" is not available in this release; {}", found.instead))
}

fn fits(key: &str, path: &[String]) -> bool {
    let names: Vec<&str> = key.split('.').collect();
    names.len() == path.len() && names.iter().zip(path).all(|(name, given)| *name == "*" || name == given)
}
