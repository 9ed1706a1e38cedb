//! What an administrator does to an organization's settings.

use std::collections::BTreeMap;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use vestibule_actors::port::clock::Randomness;
use vestibule_domain::id::OrganizationId;

use super::form::{Typed, typed};
use super::place::{Place, told};
use super::{back, shown_again, transfer, view};
use crate::check;
use crate::configuration::{Change, Checked, Document, Draft, Head, Saved, Wanted, differences};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::ask::{self, now};
use crate::http::audited::{self, Concerns, Outcome};
use crate::http::page::page_again;
use crate::http::problem::{ApiError, Problem, wants_page};
use crate::http::reason;
use crate::settings::{Settings, StaffRole, Values};
use crate::web::{OrganizationNote as Note, OrganizationPage, RefusedFile, RefusedForm, WrongField};

/// Former API keys are told of at launches that carry one; so many are kept.
const FORMER_MOST: usize = 16;

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Keeps what was typed as a draft, and has it checked.
    Check,
    /// Puts the draft in force.
    Save,
    /// Forgets the draft.
    Discard,
    /// Puts the draft's changes over what somebody else has saved since it was begun.
    Rebase,
    /// Makes a draft of an earlier version.
    Rollback,
    /// Makes a draft of a file.
    Import,
    /// Gives the organization another API key; the one before becomes a former one.
    ApiKey,
    /// Removes the organization's settings.
    Remove,
}

impl Act {
    /// As it stands in the address.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for any other word.
    pub fn parse(word: &str) -> Result<Self, ApiError> {
        ask::word(word)
    }

    /// As the audit calls it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Check => "settings_checked",
            Self::Save => "settings_saved",
            Self::Discard => "settings_draft_dropped",
            Self::Rebase => "settings_draft_moved",
            Self::Rollback => "settings_rolled_back",
            Self::Import => "settings_imported",
            Self::ApiKey => "api_key_replaced",
            Self::Remove => "organization_removed",
        }
    }
}

/// Does something to an organization's settings.
///
/// # Errors
/// [`ApiError`] for a form that cannot be read or has no reason where one is needed, without the role, and where the store does not answer.
#[utoipa::path(post, path = "/admin/{organization}/settings/{act}", tag = "operations", params(
    ("organization" = String, Path, description = "Its id"),
    ("act" = inline(Act), Path, description = "`check` (fields named by settings, and `base`), `save` (`reason`, `force` where checks failed, and `draft`, the time of the draft that the page showed), `discard`, `rebase`, `rollback` (`version`), `import` (`file`), `api-key` (`reason`, and `base`, the version that the page showed), `remove` (`reason`, and the id again as `id`)"),
), responses(
    (status = 303, description = "Back to the page, which says what came of it; not signed in: to /sign-in"),
    (status = 400, description = "The form cannot be read, or has no reason; a browser gets the page with the form again, also where the id to remove is another, or a save has to be forced", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Sent by a page of another site, or the role is too low", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "Unknown organization or act", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer; nothing was done", body = Problem, content_type = "application/problem+json"),
))]
pub async fn act(
    app: web::Data<App>,
    by: Who,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> Result<HttpResponse, ApiError> {
    let place = Place::find(&app, &by, &path.0, StaffRole::Administrator).await?;
    let act = Act::parse(&path.1)?;
    request.extensions_mut().insert(Concerns(place.id.clone()));
    let form = typed(&body)?;
    let doing = Doing { place: &place, by: &by, request: &request };
    let note = if place.of_files {
        Note::OfFiles
    } else {
        match doing.does(act, &form).await {
            Err(ApiError::BadRequest(what)) if act == Act::Import && wants_page(&request) => {
                return doing.shows_file_again(&form, what).await;
            }
            Err(ApiError::NoReason) if wants_page(&request) => {
                let refused = refused(act, &form, WrongField::Reason);
                return shown_again(&place, (&by, &request), refused, None).await;
            }
            done => done?,
        }
    };
    // Failed checks keep no draft from being kept, and do keep it from being saved.
    let is_wrong_beside =
        matches!((act, note), (Act::Save, Note::Failed) | (Act::Remove, Note::NotConfirmed));
    if is_wrong_beside || note.is_refusal() {
        request.extensions_mut().insert(Outcome(note.code()));
    }
    if is_wrong_beside && wants_page(&request) {
        let refused = refused(act, &form, WrongField::Beside);
        return shown_again(&place, (&by, &request), refused, Some(note)).await;
    }
    Ok(back(&request, &place.id, note))
}

/// A form as the page shows it again, with what stands in it beside the reason.
fn refused(act: Act, form: &Typed, wrong: WrongField) -> RefusedForm {
    let typed = |name: &str| form.rest.get(name).map(String::as_str).unwrap_or_default();
    let (which, beside) = match act {
        Act::ApiKey => ("api-key", ""),
        Act::Remove => ("remove", "id"),
        _ => ("save", "force"),
    };
    RefusedForm::new(&[which], typed("reason"), wrong).beside(typed(beside))
}

struct Doing<'a> {
    place: &'a Place<'a>,
    by: &'a Who,
    request: &'a HttpRequest,
}

impl Doing<'_> {
    async fn does(&self, act: Act, form: &Typed) -> Result<Note, ApiError> {
        match act {
            Act::Check => self.check(form).await,
            Act::Save => self.save(form).await,
            Act::Discard => self.discard().await,
            Act::Rebase => self.rebase().await,
            Act::Rollback => self.roll_back(form).await,
            Act::Import => self.import(form).await,
            Act::ApiKey => self.replace_api_key(form).await,
            Act::Remove => self.remove(form).await,
        }
    }

    /// A stale page is told so when it is saved; until then it is a draft like any other.
    async fn check(&self, form: &Typed) -> Result<Note, ApiError> {
        let keeping = &self.place.configuration().keeping;
        let base = number(form, "base")?;
        let mut secrets = self.place.worked_on().1;
        secrets.retain(|key, _| !form.forgotten.contains(key));
        for (key, secret) in &form.secrets {
            let Ok(sealed) = keeping.seal(&self.place.id, key, secret) else { return Ok(Note::NoSealingKey) };
            secrets.insert(key.clone(), sealed);
        }
        let draft =
            Draft { base, at: now(self.place.app), values: form.values.clone(), secrets, checked: None };
        self.keep_checked(draft).await
    }

    /// Keeps a draft with what the checks say of it; where it cannot even be read, nothing is asked of anybody.
    async fn keep_checked(&self, draft: Draft) -> Result<Note, ApiError> {
        let Place { app, id, .. } = self.place;
        let checked = match self.place.settings_with(&draft.values, &draft.secrets) {
            Err(_) => None,
            Ok(settings) => {
                let (values, secrets) = self.place.kept();
                let same = differences((&values, &secrets), (&draft.values, &draft.secrets)).is_empty();
                let in_force = self.place.is_made() && same;
                let store = &app.desk.ports().store;
                let keys_served = keys_of(&settings, id) == keys_of(&app.settings, id);
                let draft = check::Draft { settings: &settings, id, in_force, keys_served };
                Some(Checked { lines: check::of_draft(draft, store).await, at: now(app) })
            }
        };
        let note = match &checked {
            None => Note::Wrong,
            Some(checked) if checked.failed().is_empty() => Note::Checked,
            Some(_) => Note::Failed,
        };
        let keeping = &self.place.configuration().keeping;
        keeping.keep_draft(id, self.by.name(), &Draft { checked, ..draft }).await.map_err(told)?;
        Ok(note)
    }

    async fn save(&self, form: &Typed) -> Result<Note, ApiError> {
        let Some(draft) = &self.place.draft else { return Ok(Note::NoDraft) };
        // A page that is older than the draft shows another one. A program that names none means the one that there is.
        if form.rest.get("draft").is_some_and(|shown| *shown != draft.at.0.to_string()) {
            return Ok(Note::OtherDraft);
        }
        if self.place.settings_with(&draft.values, &draft.secrets).is_err() {
            return Ok(Note::Wrong);
        }
        let Some(checked) = &draft.checked else { return Ok(Note::NotChecked) };
        let forced = checked.failed();
        let is_forced = form.rest.contains_key("force");
        if !forced.is_empty() && !is_forced {
            return Ok(Note::Failed);
        }
        let reason = self.begin("settings_saved", form, !forced.is_empty()).await?;
        let (values, secrets) = (draft.values.clone(), draft.secrets.clone());
        let wanted = Wanted { forced, ..self.wanted(draft.base, reason, values, secrets) };
        let saved = self.put(wanted).await?;
        if saved == Note::Saved
            && let Err(error) = self.discard().await
        {
            // They are saved, and whoever did so must not be told otherwise. The draft that is left does no harm: its page shows it as one
            // since whose beginning somebody has saved, so that it cannot be saved again before it is moved, and then it changes nothing.
            tracing::warn!(organization = %self.place.id, code = error.code(), "the draft of saved settings is left");
        }
        Ok(saved)
    }

    async fn discard(&self) -> Result<Note, ApiError> {
        let keeping = &self.place.configuration().keeping;
        keeping.drop_draft(&self.place.id, self.by.name()).await.map_err(told)?;
        Ok(Note::Discarded)
    }

    /// The draft's own changes, over what counts now.
    async fn rebase(&self) -> Result<Note, ApiError> {
        let Some(draft) = &self.place.draft else { return Ok(Note::NoDraft) };
        let (mut values, mut secrets) = self.place.kept();
        let base = self.version(draft.base).await?;
        let (base_values, base_secrets) = base.map(|base| (base.values, base.secrets)).unwrap_or_default();
        let changes = differences((&base_values, &base_secrets), (&draft.values, &draft.secrets));
        for key in changes.iter().map(Change::key) {
            copy(&draft.values, &mut values, key);
            copy(&draft.secrets, &mut secrets, key);
        }
        let base = self.place.version();
        self.keep_checked(Draft { base, values, secrets, at: now(self.place.app), checked: None }).await
    }

    async fn roll_back(&self, form: &Typed) -> Result<Note, ApiError> {
        let version = number(form, "version")?;
        let Some(document) = self.version(version).await? else { return Ok(Note::NoVersion) };
        let draft = Draft {
            base: self.place.version(),
            at: now(self.place.app),
            values: document.values,
            secrets: document.secrets,
            checked: None,
        };
        self.keep_checked(draft).await
    }

    /// A file brings no secrets; those that are here stay.
    async fn import(&self, form: &Typed) -> Result<Note, ApiError> {
        let text = form.rest.get("file").map(String::as_str).unwrap_or_default();
        let values = transfer::imported(self.place, text)?;
        let (base, secrets) = (self.place.version(), self.place.worked_on().1);
        self.keep_checked(Draft { base, at: now(self.place.app), values, secrets, checked: None }).await
    }

    /// The page with what was pasted, and what is wrong with it beside it.
    async fn shows_file_again(&self, form: &Typed, problem: String) -> Result<HttpResponse, ApiError> {
        let language = self.place.language(self.request);
        let text = form.rest.get("file").cloned().unwrap_or_default();
        let page = view::page(self.place, (self.by, language), None).await?;
        let page = OrganizationPage { refused_file: Some(RefusedFile { text, problem }), ..page };
        page_again(self.request, &page)
    }

    async fn replace_api_key(&self, form: &Typed) -> Result<Note, ApiError> {
        if !self.place.is_made() {
            return Ok(Note::NoVersion);
        }
        // The same form once more would make a second key of one click.
        if form.rest.get("base").is_some_and(|shown| *shown != self.place.version().to_string()) {
            return Ok(Note::Behind);
        }
        let (mut values, secrets) = self.place.kept();
        let mut former: Vec<String> =
            values.get("former_org_ids").and_then(|list| serde_json::from_str(list).ok()).unwrap_or_default();
        former.extend(values.get("org_id").cloned());
        // The oldest leaves: launches that still carry it are then unknown, and told of their account id all the same.
        let leave = former.len().saturating_sub(FORMER_MOST);
        former.drain(..leave);
        values.insert("former_org_ids".to_owned(), serde_json::to_string(&former).unwrap_or_default());
        values.insert("org_id".to_owned(), fresh_key(self.place.app.desk.ports().randomness.as_ref()));
        if self.place.settings_with(&values, &secrets).is_err() {
            return Ok(Note::Wrong);
        }
        let reason = self.begin("api_key_replaced", form, true).await?;
        let saved = self.put(self.wanted(self.place.version(), reason, values, secrets)).await?;
        if saved != Note::Saved {
            return Ok(saved);
        }
        self.place.app.metrics.refused_times("former_org_ids", leave as u64);
        Ok(Note::KeyReplaced)
    }

    async fn remove(&self, form: &Typed) -> Result<Note, ApiError> {
        let Some(newest) = self.place.newest.as_ref().filter(|newest| !newest.head.removed) else {
            return Ok(Note::NoVersion);
        };
        if form.rest.get("id").map(|id| id.trim()) != Some(self.place.id.as_str()) {
            return Ok(Note::NotConfirmed);
        }
        let reason = self.begin("organization_removed", form, true).await?;
        let wanted = self.wanted(newest.head.version, reason, newest.values.clone(), Default::default());
        let saved = self.put(Wanted { removed: true, ..wanted }).await?;
        Ok(if saved == Note::Saved { Note::Removed } else { saved })
    }

    // --- what they are made of ---

    /// Writes down that somebody is about to do it, and why.
    async fn begin(&self, action: &str, form: &Typed, needed: bool) -> Result<Option<String>, ApiError> {
        let given = form.rest.get("reason").map(|text| text.trim()).unwrap_or_default();
        let reason = if given.is_empty() && !needed { None } else { Some(reason::checked(given)?) };
        audited::begin(self.place.app, self.request, self.by, action, reason).await?;
        Ok(reason.map(str::to_owned))
    }

    fn wanted(
        &self,
        base: u64,
        reason: Option<String>,
        values: Values,
        secrets: BTreeMap<String, String>,
    ) -> Wanted {
        let by = self.by.name().to_owned();
        Wanted { base, values, secrets, by, reason, forced: Vec::new(), removed: false }
    }

    async fn put(&self, wanted: Wanted) -> Result<Note, ApiError> {
        let configuration = self.place.configuration();
        match configuration.keeping.save(&self.place.id, wanted).await.map_err(told)? {
            Saved::Done(version) => {
                // So that the page that follows is of what was saved.
                configuration.looks.now().await;
                tracing::info!(organization = %self.place.id, version, by = self.by.name(), "settings were saved");
                Ok(Note::Saved)
            }
            Saved::Behind => Ok(Note::Behind),
        }
    }

    /// A version that is still kept.
    async fn version(&self, version: u64) -> Result<Option<Document>, ApiError> {
        let Some(newest) = &self.place.newest else { return Ok(None) };
        let heads = std::iter::once(&newest.head).chain(&newest.history);
        let Some(head): Option<&Head> = heads.into_iter().find(|head| head.version == version) else {
            return Ok(None);
        };
        self.place.configuration().keeping.version(&self.place.id, head).await.map_err(told)
    }
}

/// The keys by which an organization signs for Epic.
fn keys_of<'a>(settings: &'a Settings, id: &OrganizationId) -> Option<Vec<&'a str>> {
    let organization = settings.organizations.get(id)?;
    Some(organization.epic.private_keys.iter().map(|key| key.pem.expose()).collect())
}

/// Puts what stands under a key in one over the other, also that nothing does.
fn copy(from: &BTreeMap<String, String>, to: &mut BTreeMap<String, String>, key: &str) {
    match from.get(key) {
        Some(text) => to.insert(key.to_owned(), text.clone()),
        None => to.remove(key),
    };
}

/// Letters and digits as Zoom's API keys have, 128 bits at random.
fn fresh_key(randomness: &dyn Randomness) -> String {
    let secret = randomness.secret();
    secret.chars().filter(char::is_ascii_alphanumeric).take(22).collect()
}

fn number(form: &Typed, name: &str) -> Result<u64, ApiError> {
    let text = form.rest.get(name).map(String::as_str).unwrap_or_default();
    text.trim().parse().map_err(|_| ApiError::BadRequest(format!("`{name}` is no number of a version")))
}
