//! A guest's link: a random id and our signature of it. What it opens is kept in the store under the id until it runs out, so that the
//! link itself says nothing about the visit.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use vestibule_actors::port::Ports;
use vestibule_actors::port::clock::Randomness;
use vestibule_actors::port::store::{Space, StoreError};
use vestibule_domain::id::{GuestLinkId, OrganizationId, VisitKey};
use vestibule_domain::time::Span;

use crate::http::kept;
use crate::settings::Secret;

/// A link has about 90 characters; anything much longer is not looked at.
const MOST_CHARACTERS: usize = 160;

/// The keys that links are signed with: the newest signs, and all are believed.
#[derive(Clone)]
pub struct LinkKeys(Vec<Secret>);

impl LinkKeys {
    /// `newest` first, then those of the settings.
    pub fn new(newest: Secret, others: &[Secret]) -> Self {
        let mut keys = vec![newest];
        keys.extend(others.iter().skip(1).cloned());
        Self(keys)
    }

    /// The link as it stands in the address.
    pub fn sign(&self, organization: &OrganizationId, id: &GuestLinkId) -> Option<String> {
        let tag = mac(self.0.first()?, organization, id)?.finalize().into_bytes();
        Some(format!("{id}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// The id of a link that we signed for this organization.
    pub fn read(&self, organization: &OrganizationId, link: &str) -> Option<GuestLinkId> {
        let (id, tag) = Some(link).filter(|link| link.len() <= MOST_CHARACTERS)?.split_once('.')?;
        let id = GuestLinkId::new(id).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let is_by = |key| mac(key, organization, &id).is_some_and(|mac| mac.verify_slice(&tag).is_ok());
        self.0.iter().any(is_by).then_some(id)
    }
}

fn mac(key: &Secret, organization: &OrganizationId, id: &GuestLinkId) -> Option<Hmac<Sha256>> {
    let mac: Hmac<Sha256> = Hmac::new_from_slice(key.expose().as_bytes()).ok()?;
    Some(
        mac.chain_update("guest link\0")
            .chain_update(organization.as_str())
            .chain_update("\0")
            .chain_update(id.as_str()),
    )
}

/// What a link opens.
#[derive(Clone, Serialize, Deserialize)]
pub struct Opens {
    pub visit: VisitKey,
}

impl Opens {
    /// Keeps it under a fresh id, which it answers.
    pub async fn keep(&self, ports: &Ports, life: Span) -> Result<GuestLinkId, StoreError> {
        let id = fresh(ports.randomness.as_ref())?;
        kept::keep(ports, Space::Ticket, &name(&id), self, life).await?;
        Ok(id)
    }

    /// `None` for a link that has run out.
    pub async fn find(ports: &Ports, id: &GuestLinkId) -> Result<Option<Self>, StoreError> {
        kept::find(ports, Space::Ticket, &name(id)).await
    }
}

fn fresh(randomness: &dyn Randomness) -> Result<GuestLinkId, StoreError> {
    GuestLinkId::new(randomness.secret()).map_err(|e| StoreError::Refused(e.to_string()))
}

/// Tickets are base64, so none is named like this.
fn name(id: &GuestLinkId) -> String {
    format!("guest:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(all: &[&str]) -> LinkKeys {
        LinkKeys(all.iter().map(|key| Secret::new((*key).to_owned())).collect())
    }

    #[test]
    fn e48_only_a_link_that_we_signed_for_this_organization_is_read() {
        let [lakeside, hillside] = ["lakeside", "hillside"].map(|id| OrganizationId::new(id).unwrap());
        let id = GuestLinkId::new("abcDEF-_123").unwrap();
        let old = keys(&["old"]).sign(&lakeside, &id).unwrap();
        assert_eq!(keys(&["new", "old"]).read(&lakeside, &old), Some(id.clone()), "keys change in between");
        assert_eq!(keys(&["new"]).read(&lakeside, &old), None);
        assert_eq!(keys(&["old"]).read(&hillside, &old), None);
        let (_, tag) = old.split_once('.').unwrap();
        for forged in [
            String::new(),
            ".".to_owned(),
            format!("other.{tag}"),
            format!("{id}."),
            format!("{id}.{tag}{tag}"),
        ] {
            assert_eq!(keys(&["old"]).read(&lakeside, &forged), None, "{forged}");
        }
    }
}
