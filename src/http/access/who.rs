//! Who was let in, and what they may see and do.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::session::{Claimed, Known, SessionKey};
use super::tokens;
use crate::http::app::App;
use crate::http::ask;
use crate::http::problem::ApiError;
use crate::identity::Named;
use crate::settings::{Access, Grant, Organization, Rights, StaffRole};
use crate::web::SignedIn;

/// As whom the audit has whoever broke the glass.
pub(super) const BREAK_GLASS: &str = "break-glass";

/// Who was let in, and what they may see and do. Handlers behind the guard take it as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    way: Way,
    /// Under which name of the settings or of an issuer they came; for the audit.
    name: String,
    rights: Rights,
}

/// How somebody was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// Whoever works on the machine itself.
    Local,
    /// A program with a token, which may end.
    Program { until: Option<Moment> },
    /// A person who signed in.
    Person(SessionKey),
    /// A person who broke the glass.
    Emergency(SessionKey),
}

impl Who {
    /// A program with a token of the settings.
    pub(super) fn of_grant(grant: &Grant) -> Self {
        Self::granted(Way::Program { until: None }, grant)
    }

    fn granted(way: Way, grant: &Grant) -> Self {
        Self { way, name: grant.name.clone(), rights: grant.rights.clone() }
    }

    /// A program with a token that an issuer signed; nobody where that gives no role here.
    pub(super) fn of_issuer(named: &Named, access: &Access) -> Option<Self> {
        let rights = access.rights_of_program(&named.values);
        let way = Way::Program { until: Some(named.until) };
        rights.highest().map(|_| Self { way, name: format!("jwt:{}", named.name), rights })
    }

    /// Whoever has a session and is known so; nobody where the settings do not know them any more.
    pub(super) fn of_session(key: SessionKey, known: Known, access: &Access) -> Option<Self> {
        match known {
            Known::Token(used) => {
                tokens::current(&used, &access.grants).map(|grant| Self::granted(Way::Person(key), grant))
            }
            Known::BreakGlass(used) => {
                let stands = access.break_glass.as_ref().is_some_and(|it| used.is_of(&it.secret));
                let rights = Rights::everywhere(StaffRole::Administrator);
                stands.then(|| Self { way: Way::Emergency(key), name: BREAK_GLASS.to_owned(), rights })
            }
            Known::Claims(claimed) => {
                let rights = claimed.rights(access)?;
                rights.highest()?;
                Some(Self { way: Way::Person(key), name: claimed.audit_name(), rights })
            }
        }
    }

    pub(super) fn local() -> Self {
        let rights = Rights::everywhere(StaffRole::Administrator);
        Self { way: Way::Local, name: "this machine".to_owned(), rights }
    }

    /// A program that may do everything, or, with a session, a person.
    #[cfg(test)]
    pub fn of_tests(session: Option<SessionKey>) -> Self {
        Self { way: session.map_or(Way::Program { until: None }, Way::Person), ..Self::local() }
    }

    /// What a page shows of it: whether it offers to sign out, says that somebody broke the glass, and leads to the audit.
    pub fn signed_in(&self, app: &App) -> SignedIn {
        let signed_in = match self.way {
            Way::Local | Way::Program { .. } => SignedIn::NO,
            Way::Person(_) => SignedIn::YES,
            Way::Emergency(_) => SignedIn::BREAK_GLASS,
        };
        // One of an organization that is not in force is for whoever has the role in all of them.
        let reads_one = || app.settings.organizations.keys().any(|id| self.may(id, StaffRole::Administrator));
        signed_in.reading_the_audit(self.everywhere(StaffRole::Administrator).is_ok() || reads_one())
    }

    /// Under which name of the settings they came.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether they have any role in an organization; without one they are not told that it exists.
    pub fn sees(&self, organization: &OrganizationId) -> bool {
        self.rights.role_in(organization).is_some()
    }

    /// Whether they have this role, or a higher one, in an organization.
    pub fn may(&self, organization: &OrganizationId, role: StaffRole) -> bool {
        self.rights.role_in(organization) >= Some(role)
    }

    /// The organizations that they see; none: all of them, and those of times to come.
    pub fn organizations(&self) -> Option<Vec<&OrganizationId>> {
        self.rights.organizations().map(Iterator::collect)
    }

    /// An organization of the settings, for what needs a role there.
    ///
    /// # Errors
    /// [`ApiError::UnknownOrganization`] when there is none of this id or they have no role in it, which is the same to them;
    /// [`ApiError::NotAllowed`] when their role is a lower one.
    pub fn organization<'a>(
        &self,
        app: &'a App,
        id: &str,
        needs: StaffRole,
    ) -> Result<(&'a OrganizationId, &'a Organization), ApiError> {
        let found = ask::organization(app, id)?;
        let role = self.rights.role_in(found.0).ok_or(ApiError::UnknownOrganization)?;
        if role >= needs { Ok(found) } else { Err(ApiError::NotAllowed(needs)) }
    }

    /// For what concerns no organization, yet shows more to higher roles.
    ///
    /// # Errors
    /// [`ApiError::NotAllowed`] when they have this role nowhere.
    pub fn anywhere(&self, needs: StaffRole) -> Result<(), ApiError> {
        if self.rights.highest() >= Some(needs) { Ok(()) } else { Err(ApiError::NotAllowed(needs)) }
    }

    /// For what concerns all organizations at once.
    ///
    /// # Errors
    /// [`ApiError::NotEverywhere`] when they do not have this role in all of them.
    pub fn everywhere(&self, needs: StaffRole) -> Result<(), ApiError> {
        if self.rights.role_everywhere() >= Some(needs) {
            Ok(())
        } else {
            Err(ApiError::NotEverywhere(needs))
        }
    }

    /// Whether whoever was let in would still be: a session, or a token, may have ended since. While the store does not answer, nobody is
    /// sent away.
    pub async fn may_stay(&self, app: &App) -> bool {
        match &self.way {
            Way::Local | Way::Program { until: None } => true,
            Way::Program { until: Some(until) } => ask::now(app) < *until,
            Way::Person(session) | Way::Emergency(session) => match session.known(app).await {
                Ok(known) => known.is_some_and(|known| {
                    Self::of_session(session.clone(), known, &app.settings.access).is_some()
                }),
                Err(_) => true,
            },
        }
    }
}

impl Claimed {
    /// What their values give now; nothing once their issuer has left the settings.
    fn rights(&self, access: &Access) -> Option<Rights> {
        if self.signed_in_there {
            let stands = access.openid.as_ref().is_some_and(|openid| openid.issuer == self.issuer);
            return stands.then(|| access.rights_of(&self.values));
        }
        let stands = access.jwt.as_ref().is_some_and(|jwt| jwt.issuer == self.issuer);
        stands.then(|| access.rights_of_program(&self.values))
    }

    /// As whom the audit has them.
    pub(super) fn audit_name(&self) -> String {
        let way = if self.signed_in_there { "openid" } else { "jwt" };
        format!("{way}:{}", self.name)
    }
}

impl FromRequest for Who {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or(ApiError::Internal("a route has no guard")))
    }
}
