//! Whose launch it is: by the path, or by `acc_id` and `org_id` as Zoom's own FDI records carry them; and whether it comes from that
//! organization's own Epic.

use url::Url;
use vestibule_domain::id::OrganizationId;

use crate::http::query::{Contradiction, Parameters};
use crate::settings::{Organization, Settings};
use crate::web::Reason;

/// How the URL names the organization.
pub(super) enum Asked {
    ByPath(String),
    ByQuery { acc_id: Option<String>, org_id: Option<String> },
}

impl Asked {
    /// By what the query says; an empty parameter says nothing.
    pub(super) fn by_query(parameters: &Parameters<'_>) -> Result<Self, Contradiction> {
        Ok(Self::ByQuery { acc_id: parameters.one("acc_id")?, org_id: parameters.one("org_id")? })
    }

    /// The one organization that is named, whether or not it may be launched so: a refusal speaks in its name.
    pub(super) fn named<'a>(&self, settings: &'a Settings) -> Option<&'a Organization> {
        let Self::ByPath(id) = self else {
            let mut candidates = candidates(settings, self).ok()?.into_iter();
            return candidates.next().map(|(_, one)| one).filter(|_| candidates.next().is_none());
        };
        settings.organization(id).map(|(_, organization)| organization)
    }
}

/// The organization that a launch is for. `iss` must be its own FHIR base; nothing is ever fetched from another.
pub(super) fn resolve<'a>(
    settings: &'a Settings,
    asked: &Asked,
    iss: Option<&str>,
) -> Result<(&'a OrganizationId, &'a Organization), Reason> {
    let candidates = candidates(settings, asked)?;
    if candidates.is_empty() {
        return Err(Reason::UnknownOrganization);
    }
    let Some(iss) = iss else { return Err(Reason::MissingVisitContext) };
    let own =
        candidates.iter().find(|(_, organization)| same_base(iss, organization.epic.fhir_base_url.as_str()));
    own.copied().ok_or_else(|| foreign(settings, &candidates, iss))
}

pub(super) type Candidates<'a> = Vec<(&'a OrganizationId, &'a Organization)>;

/// The organizations that an address may mean: one, or test and production of one account.
pub(super) fn candidates<'a>(settings: &'a Settings, asked: &Asked) -> Result<Candidates<'a>, Reason> {
    Ok(match asked {
        Asked::ByPath(id) => settings.organization(id).into_iter().collect(),
        Asked::ByQuery { acc_id: Some(acc_id), .. } => {
            settings.organizations.iter().filter(|(_, organization)| organization.acc_id == *acc_id).collect()
        }
        Asked::ByQuery { acc_id: None, org_id: Some(org_id) } => by_org_id(settings, org_id)?,
        // Older records carry an org_id; what to add is the account id either way.
        Asked::ByQuery { acc_id: None, org_id: None } => return Err(Reason::MissingAccountId),
    })
}

/// `org_id` is an API key and changes when it is regenerated. From then on a launch by it alone is ambiguous, and `acc_id` is needed.
fn by_org_id<'a>(settings: &'a Settings, org_id: &str) -> Result<Candidates<'a>, Reason> {
    let knows = |organization: &Organization| {
        organization.org_id.as_deref() == Some(org_id)
            || organization.former_org_ids.iter().any(|former| former == org_id)
    };
    let found: Vec<_> =
        settings.organizations.iter().filter(|(_, organization)| knows(organization)).collect();
    if found.iter().any(|(_, organization)| !organization.former_org_ids.is_empty()) {
        return Err(Reason::MissingAccountId);
    }
    Ok(found)
}

/// Another environment of the same account gets a message of its own: a test record that points at production, or the reverse.
fn foreign(settings: &Settings, candidates: &[(&OrganizationId, &Organization)], iss: &str) -> Reason {
    let twin = settings.organizations.values().any(|other| {
        same_base(iss, other.epic.fhir_base_url.as_str())
            && candidates
                .iter()
                .any(|(_, wanted)| wanted.acc_id == other.acc_id && wanted.environment != other.environment)
    });
    if twin { Reason::WrongEnvironment } else { Reason::ForeignServer }
}

/// Two bases are the same whatever the case of scheme and host, a default port, or a slash at the end.
fn same_base(one: &str, other: &str) -> bool {
    let normal = |text: &str| Url::parse(text).ok().map(|url| url.as_str().trim_end_matches('/').to_owned());
    normal(one).is_some_and(|one| normal(other).is_some_and(|other| one == other))
}

#[cfg(test)]
mod tests {
    use super::same_base;

    #[test]
    fn bases_are_compared_as_addresses() {
        let base = "https://epic.example.org/api/FHIR/R4";
        for same in ["https://EPIC.example.org/api/FHIR/R4/", "HTTPS://epic.example.org:443/api/FHIR/R4"] {
            assert!(same_base(same, base), "{same}");
        }
        for other in [
            "https://epic.example.org/api/fhir/R4",
            "http://epic.example.org/api/FHIR/R4",
            "https://epic.example.org.evil.example/api/FHIR/R4",
            "x",
        ] {
            assert!(!same_base(other, base), "{other}");
        }
    }
}
