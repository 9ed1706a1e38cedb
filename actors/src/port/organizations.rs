//! The settings of organizations, as far as actors need them. Asked at every use, so that a change holds at once.

use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::Arc;
use vestibule_domain::gate::Limits;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::lane::LaneRules;
use vestibule_domain::policy::Policy;

/// Organizations that everybody may hold.
pub type SharedOrganizations = Arc<dyn Organizations>;

/// Looks up an organization's rules.
pub trait Organizations: Send + Sync + 'static {
    /// The rules of its visits; `None` when there is no such organization (any more).
    fn policy(&self, organization: &OrganizationId) -> Option<Arc<Policy>>;

    /// Finds out whether there are organizations that this node has not heard of: another node's door may know one already and let people in.
    /// Resolves when the answer holds, or after a bounded time.
    fn look_again(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    /// The rules of its notifier.
    fn notifier(&self, organization: &OrganizationId) -> Option<NotifierRules>;
}

/// How an organization's Epic is to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotifierRules {
    /// Rate, concurrency and breaker.
    pub limits: Limits,
    /// Backoff, age and doubt.
    pub lane: LaneRules,
}
