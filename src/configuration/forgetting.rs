//! What is kept of an organization's settings after it was removed: its last version, which holds no secret, and that it is gone.

use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Span;

use super::keeping::{INDEX, Keeping, KeepingError, index_of, place};

/// So many fields leave at once.
const AT_ONCE: usize = 500;
/// Nodes let go of it first, and whoever removed it by mistake may make it again.
const AFTER: Span = Span::hours(1);

impl Keeping {
    /// Organizations that were removed a while ago and of which something may be left. Those that `is_used` names stay as they are.
    ///
    /// # Errors
    /// [`KeepingError`]
    pub async fn to_forget(
        &self,
        is_used: impl Fn(&OrganizationId) -> bool,
    ) -> Result<Vec<OrganizationId>, KeepingError> {
        let mut due = Vec::new();
        for (id, entry) in self.index().await?.1 {
            if !entry.removed || entry.forgotten || is_used(&id) {
                continue;
            }
            let newest = self.newest(&id).await?;
            if newest.is_none_or(|newest| self.clock.now() >= newest.head.at + AFTER) {
                due.push(id);
            }
        }
        Ok(due)
    }

    /// Forgets the fields of a removed organization (tokens, providers at Zoom), every version but the last, and all drafts; then it is due no
    /// more, unless somebody has made it again. How many fields left.
    ///
    /// # Errors
    /// [`KeepingError`]; what is left is forgotten the next time.
    pub async fn forget(&self, id: &OrganizationId) -> Result<usize, KeepingError> {
        let place = place(id)?;
        let mut gone = self.forget_fields(id, "").await?;
        gone += self.forget_fields(&place, "draft/").await?;
        for head in self.newest(id).await?.map(|newest| newest.history).unwrap_or_default() {
            gone += self.store.organization_forget(&place, &head.name, 1).await?;
        }
        let (version, mut index) = self.index().await?;
        if let Some(entry) = index.get_mut(id).filter(|entry| entry.removed) {
            entry.forgotten = true;
            // Where somebody else was first it is done the next time.
            self.put(&index_of()?, INDEX, version, &index).await?;
        }
        Ok(gone)
    }

    async fn forget_fields(&self, of: &OrganizationId, prefix: &str) -> Result<usize, KeepingError> {
        let mut gone = 0;
        loop {
            match self.store.organization_forget(of, prefix, AT_ONCE).await? {
                0 => return Ok(gone),
                some => gone += some,
            }
        }
    }
}
