//! Where everything durable is, and when it counts as durable.

use std::path::PathBuf;
use std::time::Duration;

use vestibule_actors::codec::{self, Format};

use super::problem::Problem;
use super::reader::{Choice, Read, Section};
use super::secret::Secret;
use super::secrets::resolve;
use super::service::{DAY, MINUTE, millis, seconds};
use super::tree::Origin;
use crate::store::redis::Address;

const SEALING_KEYS_MAX: usize = 8;
const SEALING_KEY_CHARACTERS_MIN: usize = 32;

#[derive(Debug, Clone)]
pub struct Store {
    pub url: StoreUrl,
    pub durability: Durability,
    pub accept_unsafe: bool,
    pub write_format: Format,
    /// Newest first; what of secrets is kept stands sealed under them.
    pub sealing_keys: Vec<Secret>,
    /// What visits are made of is sealed, too.
    pub seal_visits: bool,
    pub redis: Redis,
    /// Copies by the clock, where there are to be any.
    pub backup: Option<BackupPlan>,
}

/// When the embedded store is copied without being asked, and where the copies are.
#[derive(Debug, Clone)]
pub struct BackupPlan {
    pub folder: PathBuf,
    pub every: Duration,
    /// The newest so many copies are kept.
    pub keep: usize,
}

#[derive(Debug, Clone)]
pub enum StoreUrl {
    /// The folder of the embedded store.
    Embedded(PathBuf),
    /// Servers that several nodes share.
    Redis(Address),
    /// For tests: nothing survives the process.
    Memory,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    EverySecond,
    Fsync,
    Replica,
    WaitAof,
}

/// What only stores on Redis need.
#[derive(Debug, Clone)]
pub struct Redis {
    pub prefix: String,
    pub config_forbidden: bool,
    pub connect_timeout: Duration,
    pub answer_timeout: Duration,
    pub replica_timeout: Duration,
}

impl Store {
    /// The newest format of states and commands that is written, by the codec's numbers.
    pub fn newest_written(&self) -> u16 {
        if self.seal_visits { codec::SEALED.into() } else { self.write_format.number() }
    }
}

impl Choice for Durability {
    const ALL: &'static [(&'static str, Self)] = &[
        ("fsync", Self::Fsync),
        ("everysec", Self::EverySecond),
        ("replica", Self::Replica),
        ("waitaof", Self::WaitAof),
    ];
}

impl Choice for Format {
    const ALL: &'static [(&'static str, Self)] = &[("previous", Self::Previous), ("newest", Self::Newest)];
}

pub(super) fn read_store(section: &mut Section<'_>) -> Read<Store> {
    let url = section.needed("url", store_url);
    let durability = section.choice("durability");
    let accept_unsafe = section.boolean("accept_unsafe");
    let write_format = section.choice("write_format");
    let sealing_keys = section.secrets("sealing_keys", SEALING_KEYS_MAX, SEALING_KEY_CHARACTERS_MIN);
    let seal_visits = section.boolean("seal_visits");
    let redis = section.section("redis", |section| {
        let password = section.optional_secret("password");
        let sentinel_password = section.optional_secret("sentinel_password");
        let read = read_redis(section);
        Ok((password?, sentinel_password?, read?))
    });
    let backup = section.section("backup", read_backup);
    match &url {
        Ok(StoreUrl::Embedded(folder)) => section.record("url", format!("embedded:{}", folder.display())),
        // It may carry a password.
        Ok(StoreUrl::Redis(address)) => section.record("url", address.to_string()),
        Ok(StoreUrl::Memory) | Err(_) => {}
    }
    let (password, sentinel_password, redis) = redis?;
    let url = match url? {
        StoreUrl::Redis(address) => StoreUrl::Redis(logged_in(address, password, sentinel_password)),
        other => other,
    };
    Ok(Store {
        sealing_keys: sealing_keys?,
        url,
        durability: durability?,
        accept_unsafe: accept_unsafe?,
        write_format: write_format?,
        seal_visits: seal_visits?,
        redis,
        backup: backup?,
    })
}

fn read_backup(section: &mut Section<'_>) -> Read<Option<BackupPlan>> {
    let folder = section.optional("dir", |text, origin| Ok::<_, String>(resolve(text, origin)));
    let every = section.duration("every", seconds(MINUTE)..=seconds(7 * DAY));
    let keep = section.integer("keep", 1..=1000);
    let (folder, every, keep) = (folder?, every?, keep?);
    if let Some(folder) = &folder {
        section.record("dir", folder.display().to_string());
    }
    Ok(folder.map(|folder| BackupPlan { folder, every, keep }))
}

fn read_redis(section: &mut Section<'_>) -> Read<Redis> {
    let prefix = section.needed("prefix", key_prefix);
    let config_forbidden = section.boolean("config_forbidden");
    let connect_timeout = section.duration("connect_timeout", millis(50)..=seconds(10));
    let answer_timeout = section.duration("answer_timeout", millis(50)..=seconds(10));
    let replica_timeout = section.duration("replica_timeout", millis(10)..=seconds(5));
    Ok(Redis {
        prefix: prefix?,
        config_forbidden: config_forbidden?,
        connect_timeout: connect_timeout?,
        answer_timeout: answer_timeout?,
        replica_timeout: replica_timeout?,
    })
}

fn logged_in(address: Address, password: Option<Secret>, sentinel_password: Option<Secret>) -> Address {
    let exposed = |secret: Option<Secret>| secret.map(|secret| secret.expose().to_owned());
    address.with_passwords(exposed(password), exposed(sentinel_password))
}

fn store_url(text: &str, origin: &Origin) -> Result<StoreUrl, String> {
    if text == "memory:" {
        return Ok(StoreUrl::Memory);
    }
    match text.split_once(':') {
        Some(("embedded", "")) => Err("names no folder; write \"embedded:./vestibule-data\"".into()),
        Some(("embedded", folder)) => Ok(StoreUrl::Embedded(resolve(folder, origin))),
        Some((scheme, _)) if scheme.starts_with("redis") => Address::parse(text).map(StoreUrl::Redis),
        // The value is not repeated: a URL of another kind may carry a password.
        _ => Err("is not a store; write \"embedded:<folder>\", \"redis://host:port\", rediss://, redis+sentinel:// or \
                  redis+cluster://, or \"memory:\" for tests"
            .into()),
    }
}

/// What the keys of a Redis begin with. Braces would break the hash tags, blanks the names within sets.
fn key_prefix(text: &str, _: &Origin) -> Result<String, String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || ['.', '-', '_'].contains(&letter);
    if (1..=32).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err("may have letters, digits, '.', '-' and '_', from 1 to 32 of them".into())
}

/// Copies that only the embedded store can be asked for.
pub(super) fn backup(store: &Store) -> Option<Problem> {
    let is_file = matches!(store.url, StoreUrl::Embedded(_));
    (store.backup.is_some() && !is_file).then(|| {
        Problem::new(
            "store.backup.dir",
            "belongs to the embedded store; a Redis makes its own copies, as docs/backup.md says",
        )
    })
}

/// A durability that the store does not have.
pub(super) fn durability(store: &Store) -> Option<Problem> {
    let is_redis = matches!(store.url, StoreUrl::Redis(_));
    let of_redis = matches!(store.durability, Durability::Replica | Durability::WaitAof);
    (of_redis && !is_redis).then(|| {
        Problem::new(
            "store.durability",
            "belongs to stores on Redis; this one has \"fsync\" and \"everysec\"",
        )
    })
}
