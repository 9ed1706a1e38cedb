//! Who may use the operators' pages and routes: by tokens of the settings, by tokens that others sign, by sign-in elsewhere, and, when all
//! that fails, by what lies in a sealed envelope.

use std::time::Duration;

use super::address::BaseUrl;
use super::grants::{Grant, Proof, Rights, StaffRole, read_grants};
use super::reader::{Choice, Read, Section};
use super::secret::Secret;
use super::service::{HOUR, MINUTE, seconds, text};
use super::tree::Origin;

/// Whoever finds it may do everything, so that nobody must be able to try them all.
const BREAK_GLASS_CHARACTERS_MIN: usize = 32;
/// Before the SHA-256 of a secret that lies elsewhere.
const HASHED: &str = "sha256:";
const SCOPES_MAX: usize = 20;

/// Who may use the operators' pages and routes.
#[derive(Debug, Clone)]
pub struct Access {
    pub mode: AccessMode,
    /// Who may do what, by a token or by what a role claim says.
    pub grants: Vec<Grant>,
    /// Of [`AccessMode::Jwt`]; there exactly then.
    pub jwt: Option<Jwt>,
    /// Where people sign in, unless they have a token.
    pub openid: Option<OpenId>,
    pub break_glass: Option<BreakGlass>,
    /// A person's sign-in holds for so long at most.
    pub session_life: Duration,
    /// And for so long without any use.
    pub session_idle: Duration,
}

/// What whoever comes has to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessMode {
    /// A token of the settings; where there are none, nobody is let in by one.
    Token,
    /// A token that [`Jwt`] says who signs.
    Jwt,
    /// Nothing: everybody; all addresses listened on are loopback.
    Loopback,
}

/// Tokens that somebody else signs for this service.
#[derive(Debug, Clone)]
pub struct Jwt {
    pub issuer: String,
    pub audience: String,
    pub jwks_url: BaseUrl,
    /// Which claim says what somebody may do; `None`: whoever has a token for this audience may do everything.
    pub role_claim: Option<String>,
    /// Which claim says who it is.
    pub name_claim: String,
}

/// An OpenID provider that people sign in at.
#[derive(Debug, Clone)]
pub struct OpenId {
    /// Exactly as the provider spells it in its tokens.
    pub issuer: String,
    pub client_id: String,
    /// `None`: a public client.
    pub client_secret: Option<Secret>,
    pub scopes: Vec<String>,
    pub role_claim: String,
    pub name_claim: String,
    /// What the button calls it.
    pub label: Option<String>,
    /// Where people open these pages, if not at `server.public_url`.
    pub pages_url: Option<BaseUrl>,
}

/// A secret for when nobody can sign in otherwise.
#[derive(Debug, Clone)]
pub struct BreakGlass {
    pub secret: SealedSecret,
    pub life: Duration,
}

/// A secret, or the hash of one that lies elsewhere.
#[derive(Debug, Clone)]
pub enum SealedSecret {
    Plain(Secret),
    /// SHA-256 in lower-case hexadecimal digits.
    Hashed(String),
}

impl Choice for AccessMode {
    const ALL: &'static [(&'static str, Self)] =
        &[("token", Self::Token), ("jwt", Self::Jwt), ("loopback", Self::Loopback)];
}

// === impl Access ===

impl Access {
    /// What the values of a role claim give, all together.
    pub fn rights_of(&self, values: &[String]) -> Rights {
        let fits = |grant: &&Grant| match &grant.proof {
            Proof::Claim(wanted) => wanted.iter().any(|wanted| values.contains(wanted)),
            Proof::Token(_) => false,
        };
        self.grants.iter().filter(fits).fold(Rights::default(), |rights, grant| rights.and(&grant.rights))
    }

    /// What a token that others signed gives by the values of its role claim.
    pub fn rights_of_program(&self, values: &[String]) -> Rights {
        match self.jwt.as_ref().map(|jwt| &jwt.role_claim) {
            Some(None) => Rights::everywhere(StaffRole::Administrator),
            Some(Some(_)) => self.rights_of(values),
            None => Rights::default(),
        }
    }

    /// Whether a grant asks for this value of a role claim.
    pub fn asks_for(&self, value: &str) -> bool {
        let asks = |grant: &Grant| match &grant.proof {
            Proof::Claim(wanted) => wanted.iter().any(|wanted| wanted == value),
            Proof::Token(_) => false,
        };
        self.grants.iter().any(asks)
    }
}

pub(super) fn read_access(section: &mut Section<'_>) -> Read<Access> {
    let mode = section.choice("mode");
    let grants = read_grants(section);
    let session_life = section.duration("session_life", seconds(5 * MINUTE)..=seconds(7 * 24 * HOUR));
    let session_idle = section.duration("session_idle", seconds(5 * MINUTE)..=seconds(7 * 24 * HOUR));
    let is_jwt = matches!(mode, Ok(AccessMode::Jwt));
    let jwt = section.section("jwt", |section| read_jwt(section, is_jwt));
    let openid = section.section("openid", read_openid);
    let break_glass = section.section("break_glass", read_break_glass);
    Ok(Access {
        mode: mode?,
        grants: grants?,
        jwt: jwt?,
        openid: openid?,
        break_glass: break_glass?,
        session_life: session_life?,
        session_idle: session_idle?,
    })
}

/// Checked for form in any mode, and needed whole in its own.
fn read_jwt(section: &mut Section<'_>, is_mode: bool) -> Read<Option<Jwt>> {
    let issuer = section.optional("issuer", text);
    let audience = section.optional("audience", text);
    let jwks_url = section.optional("jwks_url", |text, _| BaseUrl::parse(text));
    let role_claim = section.optional("role_claim", text);
    let name_claim = section.needed("name_claim", text);
    let (issuer, audience, jwks_url) = (issuer?, audience?, jwks_url?);
    let (role_claim, name_claim) = (role_claim?, name_claim?);
    if !is_mode {
        return Ok(None);
    }
    let issuer = issuer.ok_or_else(|| section.missing("issuer"));
    let audience = audience.ok_or_else(|| section.missing("audience"));
    let jwks_url = jwks_url.ok_or_else(|| section.missing("jwks_url"));
    Ok(Some(Jwt { issuer: issuer?, audience: audience?, jwks_url: jwks_url?, role_claim, name_claim }))
}

fn read_openid(section: &mut Section<'_>) -> Read<Option<OpenId>> {
    let issuer = section.optional("issuer", issuer);
    let client_id = section.optional("client_id", text);
    let client_secret = section.optional_secret("client_secret");
    let scopes = section.list("scopes", SCOPES_MAX, scope);
    let role_claim = section.needed("role_claim", text);
    let name_claim = section.needed("name_claim", text);
    let label = section.optional("label", text);
    let pages_url = section.optional("pages_url", |text, _| BaseUrl::parse_origin(text));
    let (issuer, client_id, client_secret) = (issuer?, client_id?, client_secret?);
    let (scopes, role_claim, name_claim) = (scopes?, role_claim?, name_claim?);
    let (label, pages_url) = (label?, pages_url?);
    let Some(issuer) = issuer else {
        return Ok(None);
    };
    if !scopes.iter().any(|scope| scope == "openid") {
        return Err(section.problem("scopes", "has no \"openid\", without which nobody is told who signs in"));
    }
    let client_id = client_id.ok_or_else(|| section.missing("client_id"))?;
    Ok(Some(OpenId { issuer, client_id, client_secret, scopes, role_claim, name_claim, label, pages_url }))
}

fn read_break_glass(section: &mut Section<'_>) -> Read<Option<BreakGlass>> {
    let secret = section.optional_secret("token");
    let life = section.duration("life", seconds(5 * MINUTE)..=seconds(4 * HOUR));
    let (secret, life) = (secret?, life?);
    let Some(secret) = secret else { return Ok(None) };
    let secret = match secret.expose().strip_prefix(HASHED) {
        Some(hash) if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            SealedSecret::Hashed(hash.to_ascii_lowercase())
        }
        Some(_) => {
            let what = "is no hash: \"sha256:\" and the 64 hexadecimal digits that sha256sum prints";
            return Err(section.problem("token", what));
        }
        None if secret.expose().chars().count() < BREAK_GLASS_CHARACTERS_MIN => {
            let what = format!("has less than {BREAK_GLASS_CHARACTERS_MIN} characters; make one at random");
            return Err(section.problem("token", what));
        }
        None => SealedSecret::Plain(secret),
    };
    Ok(Some(BreakGlass { secret, life }))
}

/// An address whose spelling counts, a slash at its end, too.
fn issuer(text: &str, _: &Origin) -> Result<String, String> {
    BaseUrl::parse(text).map(|_| text.to_owned())
}

fn scope(text: &str, _: &Origin) -> Result<String, String> {
    // As RFC 6749, 3.3 has it.
    let plain = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.bytes().all(plain) { Ok(text.to_owned()) } else { Err(format!("\"{text}\" is no scope")) }
}
