//! An organization as its page finds it: of the files, kept, or yet to be made; and the draft of whoever looks.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use vestibule_domain::id::OrganizationId;

use crate::configuration::{Configuration, Document, Draft, KeepingError};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::problem::ApiError;
use crate::http::visit::language_of;
use crate::settings::{Problem, Settings, StaffRole, Values, is_organization_id};
use crate::web::Language;

/// Where somebody is.
pub(super) struct Place<'a> {
    pub app: &'a App,
    pub id: OrganizationId,
    /// Whether the files of this node name it, so that nothing is changed here.
    pub of_files: bool,
    /// The version that counts, where it is kept; the last one of one that was removed.
    pub newest: Option<Document>,
    pub draft: Option<Draft>,
}

impl<'a> Place<'a> {
    /// The organization of this id, for what needs a role there. One that is yet to be made is there for administrators of all organizations.
    pub async fn find(app: &'a App, who: &Who, id: &str, needs: StaffRole) -> Result<Self, ApiError> {
        let id = OrganizationId::new(id.trim()).map_err(|_| ApiError::UnknownOrganization)?;
        if !who.sees(&id) {
            return Err(ApiError::UnknownOrganization);
        }
        let configuration = &app.configuration;
        let of_files = configuration.is_of_files(&id);
        let newest = if of_files { None } else { configuration.keeping.newest(&id).await.map_err(told)? };
        let is_there = of_files || newest.as_ref().is_some_and(|newest| !newest.head.removed);
        if !is_there {
            let may_make =
                who.everywhere(StaffRole::Administrator).is_ok() && is_organization_id(id.as_str());
            may_make.then_some(()).ok_or(ApiError::UnknownOrganization)?;
        } else if !who.may(&id, needs) {
            return Err(ApiError::NotAllowed(needs));
        }
        let draft =
            if of_files { None } else { configuration.keeping.draft(&id, who.name()).await.map_err(told)? };
        Ok(Self { app, id, of_files, newest, draft })
    }

    pub fn configuration(&self) -> &'a Configuration {
        &self.app.configuration
    }

    /// In which its page is read: as asked for, else the organization's own.
    pub fn language(&self, request: &HttpRequest) -> Language {
        language_of(request, self.app.settings.organizations.get(&self.id))
    }

    /// The number of the version that counts; 0 before the first.
    pub fn version(&self) -> u64 {
        self.newest.as_ref().map_or(0, |newest| newest.head.version)
    }

    /// Whether it is there at all.
    pub fn is_made(&self) -> bool {
        self.of_files || self.newest.as_ref().is_some_and(|newest| !newest.head.removed)
    }

    /// What counts: values and sealed secrets. Of one that was removed nothing does.
    pub fn kept(&self) -> (Values, BTreeMap<String, String>) {
        let there = self.newest.as_ref().filter(|newest| !newest.head.removed);
        there.map(|newest| (newest.values.clone(), newest.secrets.clone())).unwrap_or_default()
    }

    /// What is being worked on: the draft, else what counts.
    pub fn worked_on(&self) -> (Values, BTreeMap<String, String>) {
        match &self.draft {
            Some(draft) => (draft.values.clone(), draft.secrets.clone()),
            None => self.kept(),
        }
    }

    /// Settings with the organization as these values have it.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn settings_with(
        &self,
        values: &Values,
        secrets: &BTreeMap<String, String>,
    ) -> Result<Settings, Vec<Problem>> {
        let keeping = &self.configuration().keeping;
        let all = keeping.open(&self.id, values, secrets);
        let all = all.map_err(|error| vec![Problem::of_organization(&self.id, error.to_string())])?;
        let mut settings = Settings::clone(&self.app.settings);
        settings.put(&self.id, &all)?;
        Ok(settings)
    }
}

/// Stands in the address of a page.
const TAKEN: &str = "new";

/// An id that an organization may have.
pub(super) fn id_of(text: &str) -> Result<OrganizationId, ApiError> {
    let id =
        OrganizationId::new(text).ok().filter(|id| is_organization_id(id.as_str()) && id.as_str() != TAKEN);
    id.ok_or_else(|| {
        ApiError::BadRequest(
            "`id` has lower-case letters and digits, with single dashes between, at most 64, and is not \"new\": it stands in URLs"
                .to_owned(),
        )
    })
}

/// What went wrong with what is kept, for whoever asked.
pub(super) fn told(error: KeepingError) -> ApiError {
    match error {
        KeepingError::Store(error) => ApiError::from(error),
        KeepingError::Open(error) => ApiError::BadRequest(error.to_string()),
        KeepingError::Seal(error) => ApiError::BadRequest(error.to_string()),
        KeepingError::TooMany => ApiError::BadRequest(error.to_string()),
        KeepingError::Unreadable(why) => ApiError::StoreUnavailable(why),
    }
}
