//! What is done where a provider's own Zoom user cannot be had, by what stands in the way.

use vestibule_domain::intent::ProblemCode;

use super::reader::{Choice, Read, Section};
use super::tree::Origin;

const DEFAULT_HOSTS_MAX: usize = 16;
/// Zoom's bound on an address; its ids are shorter.
const LONGEST_USER: usize = 128;

/// Each cause has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderFallback {
    /// The invitation has not been accepted.
    pub pending: Fallback,
    /// The user was deactivated.
    pub inactive: Fallback,
    /// The address is another account's, or its domain is none of this one's.
    pub foreign: Fallback,
    /// No seat is free.
    pub no_seat: SeatFallback,
    /// Zoom users of the account who stand in, by address or id.
    pub default_hosts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The provider is told why they cannot start.
    None,
    /// A default host of the account stands in.
    DefaultHost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatFallback {
    None,
    /// The user is made as a basic one.
    Basic,
    DefaultHost,
}

impl Choice for Fallback {
    const ALL: &'static [(&'static str, Self)] = &[("none", Self::None), ("default_host", Self::DefaultHost)];
}

impl Choice for SeatFallback {
    const ALL: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("basic", Self::Basic), ("default_host", Self::DefaultHost)];
}

impl ProviderFallback {
    /// Nobody stands in for anybody.
    pub const NONE: Self = Self {
        pending: Fallback::None,
        inactive: Fallback::None,
        foreign: Fallback::None,
        no_seat: SeatFallback::None,
        default_hosts: Vec::new(),
    };

    /// Whether a default host stands in for a provider whom this keeps from their own user.
    #[must_use]
    pub fn stands_in_for(&self, cause: ProblemCode) -> bool {
        match cause {
            ProblemCode::UserPending => self.pending == Fallback::DefaultHost,
            ProblemCode::UserInactive => self.inactive == Fallback::DefaultHost,
            ProblemCode::UserForeign => self.foreign == Fallback::DefaultHost,
            ProblemCode::NoSeat => self.no_seat == SeatFallback::DefaultHost,
            _ => false,
        }
    }

    /// Whether default hosts are asked for anywhere.
    pub(super) fn needs_default_hosts(&self) -> bool {
        [self.pending, self.inactive, self.foreign].contains(&Fallback::DefaultHost)
            || self.no_seat == SeatFallback::DefaultHost
    }
}

/// Reads `provider_fallback` and `default_hosts` beside it.
pub(super) fn read_provider_fallback(section: &mut Section<'_>) -> Read<ProviderFallback> {
    let default_hosts = section.list("default_hosts", DEFAULT_HOSTS_MAX, zoom_user);
    let causes = section.section("provider_fallback", |causes| {
        let (pending, inactive) = (causes.choice("pending"), causes.choice("inactive"));
        let (foreign, no_seat) = (causes.choice("foreign"), causes.choice("no_seat"));
        Ok((pending?, inactive?, foreign?, no_seat?))
    });
    let (default_hosts, (pending, inactive, foreign, no_seat)) = (default_hosts?, causes?);
    Ok(ProviderFallback { pending, inactive, foreign, no_seat, default_hosts })
}

fn zoom_user(text: &str, _: &Origin) -> Result<String, String> {
    let plain = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if plain && text.len() <= LONGEST_USER && text != "me" {
        return Ok(text.to_owned());
    }
    Err(format!("\"{text}\" is neither the e-mail address nor the id of a Zoom user"))
}
