//! `vestibule audit`: looks through the chains of a store, or of a file that was exported, and says whether anything was changed.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use vestibule_actors::port::store::{SharedStore, StoreError};
use vestibule_domain::id::OrganizationId;

use super::chain::{Chain, ChainId};
use super::entry::{Kept, Sound, verify};
use super::fhir::audit_event;
use crate::configuration::ever_kept;
use crate::service::{Failure, on_redis};
use crate::settings::{Settings, StoreUrl};
use crate::store::redis::RedisStore;
use crate::store::{EmbeddedSettings, EmbeddedStore};
use crate::system::SystemClock;

#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Finds a changed, missing or reordered entry.
    Verify(VerifyArguments),
    /// Prints a chain: a line of JSON for each entry, as it is kept.
    Export(ExportArguments),
}

#[derive(Args, Debug)]
pub struct VerifyArguments {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Only the chain of this organization.
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// An exported chain in place of the store's.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "organization"])]
    file: Option<PathBuf>,
    /// The hash of an entry, as the log or an earlier run told it: that it is not there any more shows an end that was cut off, or a chain
    /// that was made anew.
    #[arg(long, value_name = "HASH")]
    expect: Option<String>,
}

#[derive(Args, Debug)]
pub struct ExportArguments {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// The chain of this organization; else that of the service, with what concerns none of them.
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// As FHIR AuditEvent resources, a line for each.
    #[arg(long)]
    fhir: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure::Broken`] where something was changed, [`Failure::Unavailable`] where the store is not to be had, and
/// [`Failure::Usage`] or [`Failure::Settings`] for what was asked.
pub async fn run(command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(arguments) => verified(arguments).await,
        AuditCommand::Export(arguments) => exported(arguments).await,
    }
}

async fn verified(arguments: VerifyArguments) -> Result<(), Failure> {
    let expected = arguments.expect.as_ref().map(|hash| format!("\"hash\":\"{hash}\"}}"));
    let mut found = false;
    let mut look = |line: &str| {
        found = found || expected.as_ref().is_some_and(|hash| line.ends_with(hash.as_str()));
        Ok(())
    };
    if let Some(file) = &arguments.file {
        let sound = verified_file(file, &mut look)?;
        println!("{}", told(&file.display().to_string(), sound.as_ref()));
    } else {
        let settings = Settings::of_process(&arguments.config)?;
        let store = opened(&settings).await?;
        for id in chains(&settings, &store, arguments.organization.as_deref()).await? {
            let sound = walked(&store, &id, &mut look).await?;
            println!("{}", told(&id.to_string(), sound.as_ref()));
        }
    }
    match arguments.expect {
        Some(hash) if !found => Err(Failure::Broken(format!(
            "no entry has the hash {hash}: the end was cut off, or a chain was made anew"
        ))),
        _ => Ok(()),
    }
}

fn verified_file(
    file: &Path,
    look: &mut impl FnMut(&str) -> std::io::Result<()>,
) -> Result<Option<Sound>, Failure> {
    let unread = |error: std::io::Error| Failure::Usage(format!("--file {}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(unread)?;
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    lines().try_for_each(look).map_err(unread)?;
    verify(lines(), None).map_err(|broken| Failure::Broken(format!("{}: {broken}", file.display())))
}

fn told(chain: &str, sound: Option<&Sound>) -> String {
    match sound {
        None => format!("{chain}: there is no entry"),
        Some(Sound { first, last, hash }) => {
            format!("{chain}: entries {first} to {last} are whole and in order; the newest is {hash}")
        }
    }
}

async fn exported(arguments: ExportArguments) -> Result<(), Failure> {
    let settings = Settings::of_process(&arguments.config)?;
    let id = match &arguments.organization {
        Some(name) => named(&settings, name)?,
        None => ChainId::of(None),
    };
    let store = opened(&settings).await?;
    let mut out = std::io::stdout().lock();
    walked(&store, &id, |line| {
        let told = if arguments.fhir {
            Kept::of_line(line).map(|(kept, ..)| audit_event(&kept).to_string())
        } else {
            Some(line.to_owned())
        };
        told.map_or(Ok(()), |told| writeln!(out, "{told}"))
    })
    .await?;
    Ok(())
}

/// Goes through a chain from its first entry that is kept, and holds each against the one before it.
pub(super) async fn walked(
    store: &SharedStore,
    id: &ChainId,
    mut tell: impl FnMut(&str) -> std::io::Result<()>,
) -> Result<Option<Sound>, Failure> {
    let unread = |error: StoreError| match error {
        // What is there was damaged, which no waiting mends.
        StoreError::Corrupt(_) => Failure::Broken(format!("{id}: {error}")),
        _ => Failure::Unavailable(format!("{id}: {error}")),
    };
    let chain = Chain::new(store, id).map_err(unread)?;
    // A service may append meanwhile, so that what is behind this is more and never less.
    let head = chain.head().await.map_err(unread)?;
    let mut page = chain.first_page().await.map_err(unread)?;
    let mut sound = None;
    while let Some((number, lines)) = chain.lines_from(page).await.map_err(unread)? {
        // What had left by then was past its time.
        let skipped = number != page && sound.is_some();
        if skipped {
            return Err(Failure::Unavailable(format!("{id}: entries leave while they are read; try again")));
        }
        sound = verify(lines.lines(), sound).map_err(|broken| Failure::Broken(format!("{id}: {broken}")))?;
        for line in lines.lines() {
            tell(line).map_err(|error| Failure::Unavailable(format!("{id}: {error}")))?;
        }
        page = number.saturating_add(1);
    }
    // A page may be missing from the middle: then the newest is somewhere behind.
    let last = sound.as_ref().map_or(0, |sound| sound.last);
    if head.is_some_and(|head| last < head.seq) {
        return Err(Failure::Broken(format!("{id}: entries are missing after {last}")));
    }
    Ok(sound)
}

async fn chains(
    settings: &Settings,
    store: &SharedStore,
    organization: Option<&str>,
) -> Result<Vec<ChainId>, Failure> {
    if let Some(name) = organization {
        return Ok(vec![named(settings, name)?]);
    }
    let kept = ever_kept(store).await.map_err(|error| Failure::Unavailable(error.to_string()))?;
    let all: BTreeSet<OrganizationId> = settings.organizations.keys().cloned().chain(kept).collect();
    Ok(std::iter::once(ChainId::of(None)).chain(all.iter().map(|id| ChainId::of(Some(id)))).collect())
}

/// An organization may have left the settings, and its audit stays.
fn named(settings: &Settings, name: &str) -> Result<ChainId, Failure> {
    let known = settings.organization(name).map(|(id, _)| id.clone());
    let id = known.or_else(|| OrganizationId::new(name).ok());
    let id =
        id.ok_or_else(|| Failure::Usage(format!("--organization {name}: is no id of an organization")))?;
    Ok(ChainId::of(Some(&id)))
}

async fn opened(settings: &Settings) -> Result<SharedStore, Failure> {
    match &settings.store.url {
        StoreUrl::Memory => {
            Err(Failure::Usage("store.url is \"memory:\": no audit is kept there".to_owned()))
        }
        StoreUrl::Embedded(folder) => {
            let clock = Arc::new(SystemClock);
            let opened = EmbeddedStore::open(EmbeddedSettings::new(folder), clock);
            let opened = opened.map_err(|error| {
                Failure::Unavailable(format!(
                    "{error}; while the service runs, export from /api/v1/audit and verify the file with --file"
                ))
            })?;
            Ok(Arc::new(opened))
        }
        StoreUrl::Redis(address) => {
            let opened = RedisStore::open(on_redis(settings, address)).await;
            Ok(Arc::new(opened.map_err(|error| Failure::Unavailable(error.to_string()))?))
        }
    }
}
