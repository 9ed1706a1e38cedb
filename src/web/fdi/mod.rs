//! The pages for whoever sets up Epic: which organizations there are, and the lines that belong into the FDI records of one.

mod words;

use askama::Template;

use super::language::Language;
use super::signed_in::SignedIn;
use words::{FdiWords, KindWords};

/// An organization to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationLink {
    pub id: String,
    pub name: String,
    /// None where its settings cannot be used.
    pub test_environment: Option<bool>,
    /// Whether whoever reads may read its audit.
    pub may_audit: bool,
}

/// `GET /admin`.
#[derive(Template)]
#[template(path = "admin.html")]
pub struct AdminPage<'a> {
    pub language: Language,
    pub organizations: &'a [OrganizationLink],
    /// Whether another may be made.
    pub may_make: bool,
    /// What was written for the id of another, and is none.
    pub no_id: Option<&'a str>,
    pub signed_in: SignedIn,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FdiRow {
    /// The launch's kind, as it stands in the address.
    pub kind: &'static str,
    pub url: String,
    /// The same by the ids of the Zoom account.
    pub url_by_account: String,
    pub context: String,
    /// Where such a launch can be tried.
    pub sample: Option<String>,
}

/// How addresses name the organization by the ids of its Zoom account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByAccount {
    /// `acc_id` alone, since no API key is known.
    AccountAlone,
    /// With the API key, as older records carry it.
    WithKey,
    /// The same, and the key was regenerated: without `acc_id` a launch is refused.
    KeyChanged,
}

/// How the Zoom account of a provider is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderAccounts {
    /// By the address that the lines bring.
    ByAddress,
    /// The lines bring none, so that an account under a domain of the organization's is found or made.
    ByDomain,
    /// Not at all: a provider is refused.
    Nowhere,
}

/// `GET /admin/{organization}/fdi`.
#[derive(Template)]
#[template(path = "fdi.html")]
pub struct FdiPage<'a> {
    pub language: Language,
    pub organization: &'a str,
    pub name: &'a str,
    pub test_environment: bool,
    /// Whose records these are.
    pub fhir_base_url: &'a str,
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub jwks_url: &'a str,
    /// Whether Epic may show our pages in a frame.
    pub framed: bool,
    pub by_account: ByAccount,
    /// The token for a MyChart user's id, which nobody publishes.
    pub mychart_id_token: &'a str,
    pub accounts: ProviderAccounts,
    pub rows: &'a [FdiRow],
    pub signed_in: SignedIn,
}

impl AdminPage<'_> {
    fn words(&self) -> &'static FdiWords {
        words::of(self.language)
    }
}

impl FdiPage<'_> {
    fn words(&self) -> &'static FdiWords {
        words::of(self.language)
    }

    fn kind_words(&self, row: &FdiRow) -> KindWords {
        words::kind(self.language, row.kind)
    }

    /// Line 4 of the record: in a frame, or in a window of its own.
    fn launch_type(&self) -> &'static str {
        if self.framed { "7" } else { "6" }
    }

    fn account_note(&self) -> &'static str {
        match self.by_account {
            ByAccount::AccountAlone => self.words().account_alone,
            ByAccount::WithKey => self.words().account_with_key,
            ByAccount::KeyChanged => self.words().account_key_changed,
        }
    }

    fn accounts_note(&self) -> &'static str {
        match self.accounts {
            ProviderAccounts::ByAddress => self.words().accounts_by_address,
            ProviderAccounts::ByDomain => self.words().accounts_by_domain,
            ProviderAccounts::Nowhere => self.words().accounts_nowhere,
        }
    }

    /// Guests come through the provider's page.
    fn tells_of_guests(&self) -> bool {
        self.rows.iter().any(|row| row.kind == "visit-tools")
    }
}
