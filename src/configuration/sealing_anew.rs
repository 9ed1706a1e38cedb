//! Under the newest key what is kept under an older one, so that the older one can be taken away.

use vestibule_actors::port::store::StoreError;
use vestibule_domain::id::OrganizationId;

use super::document::Document;
use super::keeping::{Keeping, KeepingError, place};
use crate::sealing::CannotSeal;
use crate::settings::Values;

/// What came of sealing anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedAnew {
    /// So many versions were written anew.
    pub versions: usize,
    /// Organizations of which some version could not be: it stays under the key that it was sealed with.
    pub left: Vec<OrganizationId>,
}

impl Keeping {
    /// Seals anew what stands under an older key: of all organizations, every version that is kept. What cannot be opened stays as it is and
    /// keeps nothing else from being sealed; the log names its organization.
    ///
    /// # Errors
    /// [`KeepingError::Store`] when the store does not answer or refuses. What was not reached is done at the next start.
    pub async fn seal_anew(&self) -> Result<SealedAnew, KeepingError> {
        let mut came = SealedAnew::default();
        for id in self.index().await?.1.into_keys() {
            match self.seal_all_of(&id, &mut came.versions).await {
                Ok(()) => {}
                Err(error) if is_of_the_store(&error) => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        organization = %id, %error,
                        "kept settings of an organization could not all be sealed anew"
                    );
                    came.left.push(id);
                }
            }
        }
        Ok(came)
    }

    /// Every version of one organization; why the newest of those that could not be sealed could not, once the others are.
    async fn seal_all_of(&self, id: &OrganizationId, versions: &mut usize) -> Result<(), KeepingError> {
        let place = place(id)?;
        let Some(newest) = self.newest(id).await? else { return Ok(()) };
        let mut all = Ok(());
        for head in std::iter::once(&newest.head).chain(&newest.history) {
            match self.seal_version(id, &place, &head.name).await {
                Ok(was_written) => *versions += usize::from(was_written),
                Err(error) if is_of_the_store(&error) => return Err(error),
                Err(error) => all = all.and(Err(error)),
            }
        }
        all
    }

    /// One version; whether it was written anew. One that somebody writes meanwhile is done at the next start.
    async fn seal_version(
        &self,
        id: &OrganizationId,
        place: &OrganizationId,
        name: &str,
    ) -> Result<bool, KeepingError> {
        let Some((version, document)) = self.field::<Document>(place, name).await? else { return Ok(false) };
        if document.secrets.values().all(|sealed| self.is_newest(sealed)) {
            return Ok(false);
        }
        let opened = self.open(id, &Values::new(), &document.secrets)?;
        let secrets = opened.iter().map(|(key, text)| Ok((key.clone(), self.seal(id, key, text)?)));
        let secrets = secrets.collect::<Result<_, CannotSeal>>()?;
        self.put(place, name, version, &Document { secrets, ..document }).await
    }
}

/// Whether all organizations would meet the same: each would wait for a store that is away.
fn is_of_the_store(error: &KeepingError) -> bool {
    matches!(error, KeepingError::Store(StoreError::Unavailable(_) | StoreError::Refused(_)))
}
