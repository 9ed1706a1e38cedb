//! Harmless questions to an organization's Zoom account, for `vestibule check`.

use vestibule_actors::port::clock::instant;
use vestibule_domain::id::OrganizationId;

use super::calls::ZoomClient;
use super::error::RestError;
use super::pace::Label;
use super::rest::Call;

/// What visits call Zoom for, with the granular scope that each needs and the older, broader one that will do.
const NEEDED: [(&str, &[&str]); 11] = [
    ("find providers", &["user:read:user:admin", "user:read:admin"]),
    ("make providers' users", &["user:write:user:admin", "user:write:admin"]),
    ("make meetings", &["meeting:write:meeting:admin", "meeting:write:admin"]),
    ("read meetings and get start links", &["meeting:read:meeting:admin", "meeting:read:admin"]),
    ("find meetings again", &["meeting:read:list_meetings:admin", "meeting:read:admin"]),
    ("set alternative hosts", &["meeting:update:meeting:admin", "meeting:write:admin"]),
    ("remove superfluous meetings", &["meeting:delete:meeting:admin", "meeting:write:admin"]),
    ("end meetings for everybody", &["meeting:update:status:admin", "meeting:write:admin"]),
    ("make patients' links (registrants)", &["meeting:write:registrant:admin", "meeting:write:admin"]),
    ("take guests' links back", &["meeting:update:registrant_status:admin", "meeting:write:admin"]),
    (
        "let further providers in (their zak)",
        &["user:read:token:admin", "user:read:zak:admin", "user:read:admin"],
    ),
];

fn missing(held: &[String]) -> Vec<String> {
    let lacks = |any_of: &[&str]| !any_of.iter().any(|scope| held.iter().any(|have| have == scope));
    let named = |(purpose, any_of): (&str, &[&str])| {
        any_of.first().filter(|_| lacks(any_of)).map(|scope| format!("{scope} ({purpose})"))
    };
    NEEDED.into_iter().filter_map(named).collect()
}

impl ZoomClient {
    /// Whether Zoom gives us a token.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_token(&self, organization: &OrganizationId) -> Option<Result<(), RestError>> {
        let account = self.accounts.get(organization)?;
        let api = self.api(account, instant() + account.config.timeout);
        Some(api.token().await.map(|_| ()))
    }

    /// Which of the scopes that visits need the token lacks, each with what it is for; `Ok(None)` where the token lists none.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_scopes(
        &self,
        organization: &OrganizationId,
    ) -> Option<Result<Option<Vec<String>>, RestError>> {
        let account = self.accounts.get(organization)?;
        let api = self.api(account, instant() + account.config.timeout);
        Some(api.token().await.map(|token| token.scopes().map(missing)))
    }

    /// Whether the token lets us look users up, which every visit needs first.
    ///
    /// # Errors
    /// [`RestError`]; `None` for an organization that is not known.
    pub async fn probe_users(&self, organization: &OrganizationId) -> Option<Result<(), RestError>> {
        let account = self.accounts.get(organization)?;
        let api = self.api(account, instant() + account.config.timeout);
        // Nobody has this address; that Zoom says so is the proof.
        let found = api.call(&Call::get("/users/nobody%40vestibule.invalid", Label::Light)).await;
        Some(match found {
            Err(RestError::Refused(refusal)) if refusal.status == 404 => Ok(()),
            other => other.map(|_| ()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_purpose() {
        let own = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let granular: Vec<String> = NEEDED.iter().map(|(_, any_of)| any_of[0].to_owned()).collect();
        assert_eq!(missing(&granular), Vec::<String>::new());
        let classic =
            own(&["meeting:write:admin", "meeting:read:admin", "user:read:admin", "user:write:admin"]);
        assert_eq!(missing(&classic), Vec::<String>::new());
        let without = missing(&own(&["user:read:admin", "user:write:admin", "meeting:read:admin"]));
        assert_eq!(without.len(), 6, "{without:?}");
        assert!(
            without
                .contains(&"meeting:write:registrant:admin (make patients' links (registrants))".to_owned())
        );
        assert_eq!(missing(&[]).len(), NEEDED.len());
    }
}
