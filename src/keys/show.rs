//! `vestibule keys show`: each organization's keys, in the order of the settings.

use std::path::PathBuf;

use clap::Args;
use vestibule_actors::port::clock::Clock;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use crate::epic::{KeyDue, SigningKeys};
use crate::service::Failure;
use crate::settings::{Epic, PrivateKey, Settings};
use crate::system::SystemClock;

const DAY_MILLIS: i64 = 24 * 3_600_000;

/// The arguments of `vestibule keys show`.
#[derive(Args, Debug)]
pub struct ShowArguments {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
}

/// Reads the settings; gives what to print.
pub(super) fn run(arguments: &ShowArguments) -> Result<String, Failure> {
    let settings = Settings::of_process(&arguments.config)?;
    let now = SystemClock.now();
    let all: Result<Vec<String>, Failure> =
        settings.organizations.iter().map(|(id, organization)| of(id, &organization.epic, now)).collect();
    Ok(all?.join("\n"))
}

fn of(id: &OrganizationId, epic: &Epic, now: Moment) -> Result<String, Failure> {
    let keys = SigningKeys::load(epic.private_keys.iter().map(|file| &file.pem))
        .map_err(|e| Failure::Usage(format!("organization.{id}.epic.private_key_files: {e}")))?;
    let mut said = format!("{id}:\n");
    if keys.is_empty() {
        said.push_str("  no private key\n");
    }
    for (number, (key, file)) in keys.public_keys().zip(&epic.private_keys).enumerate() {
        let does = if number == 0 { "signs, published" } else { "published" };
        let due = epic.key_due_at().filter(|_| number == 0).map(|at| format!(", {}", KeyDue::at(at, now)));
        let (id, bits, age, due) = (key.id, key.bits, age(file, now), due.unwrap_or_default());
        said.push_str(&format!(
            "  {does:<16}  kid {id}  {bits} bits  {age}{due}  {}\n",
            file.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
        ));
    }
    Ok(said)
}

/// In whole days, which is all that a file's time is good for.
fn age(file: &PrivateKey, now: Moment) -> String {
    match file.written_at {
        Some(at) => format!("{} days old", (now - at).0.div_euclid(DAY_MILLIS).max(0)),
        None => "of unknown age".to_owned(),
    }
}
