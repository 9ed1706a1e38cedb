//! A value that many read and somebody replaces now and then: what follows from the settings of organizations.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use vestibule_domain::id::OrganizationId;

/// Readers get what stands at that moment, and keep it for as long as they want. No lock is held beyond that.
#[derive(Debug, Default)]
pub struct Latest<T>(RwLock<Arc<T>>);

impl<T> Latest<T> {
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    /// What stands now.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set(&self, value: Arc<T>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

/// Something of each organization, replaced one by one.
#[derive(Debug)]
pub struct PerOrganization<T>(Latest<BTreeMap<OrganizationId, Arc<T>>>);

impl<T> PerOrganization<T> {
    pub fn new(all: impl IntoIterator<Item = (OrganizationId, T)>) -> Self {
        Self(Latest::new(all.into_iter().map(|(id, one)| (id, Arc::new(one))).collect()))
    }

    /// What is an organization's now.
    pub fn get(&self, organization: &OrganizationId) -> Option<Arc<T>> {
        self.0.get().get(organization).map(Arc::clone)
    }

    /// All that there are now, by their organizations' ids.
    pub fn all(&self) -> Vec<(OrganizationId, Arc<T>)> {
        self.0.get().iter().map(|(id, one)| (id.clone(), Arc::clone(one))).collect()
    }

    /// Puts one in the place of the one before, or takes it away. One task changes; many read.
    pub fn change(&self, organization: &OrganizationId, one: Option<T>) {
        let mut all = BTreeMap::clone(&self.0.get());
        match one {
            Some(one) => all.insert(organization.clone(), Arc::new(one)),
            None => all.remove(organization),
        };
        self.0.set(Arc::new(all));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_keep_what_they_got_and_the_next_get_what_is_new() {
        let (one, two) = (OrganizationId::new("one").unwrap(), OrganizationId::new("two").unwrap());
        let all = PerOrganization::new([(one.clone(), 1), (two.clone(), 2)]);
        let before = all.get(&one).unwrap();
        all.change(&one, Some(10));
        all.change(&two, None);
        assert_eq!((*before, *all.get(&one).unwrap()), (1, 10));
        assert_eq!(all.get(&two), None);
        assert_eq!(all.all().len(), 1);
    }
}
