//! Signing in at an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1), the provider found by its
//! metadata (Discovery 1.0).

use std::sync::Arc;

use serde_json::Value;
use vestibule_actors::port::clock::{Randomness, SharedClock, instant};

use super::believed::{Expected, believed};
use super::fetch::{Keys, RENEW_AFTER, USABLE_FOR, WITHIN, fetch_keys, get_json};
use super::named::claim;
use super::{Named, Trouble};
use crate::outbound::encode::{encode, with_query};
use crate::outbound::{Fresh, HttpClient, Pkce, Shared, TokenFailure, lenient, oauth};
use crate::settings::{OpenId, Secret};

/// The provider, and what it said of itself.
pub struct Provider {
    settings: OpenId,
    metadata: Shared<Metadata, Trouble>,
    keys: Keys,
}

/// What a provider says of itself.
struct Metadata {
    authorization: String,
    token: String,
    keys: String,
    /// Where claims are that are not in the id_token.
    user_info: Option<String>,
    end_session: Option<String>,
    /// It takes the client's secret in the form and not as a header.
    secret_in_form: bool,
}

/// A way to the provider that has begun: where the browser goes, and what is kept until it comes back.
pub struct Begun {
    pub to: String,
    pub verifier: Secret,
    pub nonce: String,
}

impl Provider {
    pub(super) fn new(settings: OpenId) -> Self {
        Self { settings, metadata: Shared::default(), keys: Keys::default() }
    }

    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// [`Trouble`] where the provider's metadata are not to be had.
    pub async fn begin(
        &self,
        clock: &SharedClock,
        randomness: &dyn Randomness,
        redirect_uri: &str,
        state: &str,
    ) -> Result<Begun, Trouble> {
        let metadata = self.metadata(clock).await?;
        let (pkce, nonce) = (Pkce::draw(randomness), randomness.secret());
        let scope = self.settings.scopes.join(" ");
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", &scope),
            ("state", state),
            ("nonce", &nonce),
            ("code_challenge", &pkce.challenge),
            ("code_challenge_method", "S256"),
        ];
        Ok(Begun { to: with_query(&metadata.authorization, &parameters), verifier: pkce.verifier, nonce })
    }

    /// Who came back with this code. It is redeemed once, and everything together takes no longer than three answers of the provider.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn come_back(
        &self,
        clock: &SharedClock,
        (code, redirect_uri): (&str, &str),
        (verifier, nonce): (&Secret, &str),
        asked_for: impl Fn(&str) -> bool,
    ) -> Result<Named, Trouble> {
        let metadata = self.metadata(clock).await?;
        let answer = self.redeem(clock, &metadata, (code, redirect_uri), verifier).await?;
        let token = lenient::text(&answer, "id_token").ok_or(Trouble::Unreadable("there is no id_token"))?;
        let mut claims = self.believed(clock, &metadata, token, nonce).await?;
        if self.lacks_claims(&claims) {
            self.add_user_info(&metadata, &answer, &mut claims).await?;
        }
        let OpenId { name_claim, role_claim, .. } = &self.settings;
        Named::read(&claims, name_claim, Some(role_claim), asked_for)
            .ok_or(Trouble::NotBelieved("it names nobody by access.openid.name_claim"))
    }

    /// Where the browser may go to sign out of the provider, too, where that is possible.
    pub async fn sign_out_url(&self, clock: &SharedClock, back: &str) -> Option<String> {
        let metadata = self.metadata(clock).await.ok()?;
        let parameters =
            [("client_id", self.settings.client_id.as_str()), ("post_logout_redirect_uri", back)];
        metadata.end_session.as_ref().map(|url| with_query(url, &parameters))
    }

    /// How many keys the provider has now.
    ///
    /// # Errors
    /// [`Trouble`] where its metadata or its keys are not to be had.
    pub async fn probe(&self) -> Result<usize, Trouble> {
        let metadata = fetch_metadata(self.settings.issuer.clone()).await?.value;
        Ok(fetch_keys(metadata.keys).await?.value.len())
    }

    async fn metadata(&self, clock: &SharedClock) -> Result<Arc<Metadata>, Trouble> {
        self.metadata.get(clock, || fetch_metadata(self.settings.issuer.clone())).await
    }

    async fn redeem(
        &self,
        clock: &SharedClock,
        metadata: &Metadata,
        (code, redirect_uri): (&str, &str),
        verifier: &Secret,
    ) -> Result<Value, Trouble> {
        let OpenId { client_id, client_secret, .. } = &self.settings;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.expose()),
        ];
        let mut header = None;
        match client_secret {
            // As RFC 6749, 2.3.1 has it, both are encoded before they are joined.
            Some(secret) if !metadata.secret_in_form => {
                header = Some(oauth::basic(&encode(client_id), &encode(secret.expose())));
            }
            Some(secret) => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", secret.expose())])
            }
            None => form.push(("client_id", client_id)),
        }
        let request = oauth::form_request(&metadata.token, header, &form, instant() + WITHIN);
        let answer = HttpClient::of_this_thread().send(request).await;
        oauth::read_answer(answer, clock.now()).map_err(|failure| match failure {
            TokenFailure::Unavailable | TokenFailure::Busy { .. } => Trouble::Unavailable,
            TokenFailure::Refused { status, error } => Trouble::Refused { status, error },
        })
    }

    /// The claims of an id_token, by OpenID Connect Core 1.0, 3.1.3.7.
    async fn believed(
        &self,
        clock: &SharedClock,
        metadata: &Metadata,
        token: &str,
        nonce: &str,
    ) -> Result<Value, Trouble> {
        let OpenId { issuer, client_id, .. } = &self.settings;
        let expected = Expected { keys: &self.keys, keys_url: &metadata.keys, issuer, audience: client_id };
        let claims = believed(clock, token, &expected).await?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if claims.get("azp").is_some_and(|party| party != client_id) {
            return Err(Trouble::NotBelieved("it is for somebody else"));
        }
        if text("nonce") != Some(nonce) {
            return Err(Trouble::NotBelieved("it answers another sign-in"));
        }
        if lenient::text(&claims, "sub").is_none() {
            return Err(Trouble::NotBelieved("it names nobody"));
        }
        Ok(claims)
    }

    fn lacks_claims(&self, claims: &Value) -> bool {
        let OpenId { name_claim, role_claim, .. } = &self.settings;
        [name_claim, role_claim].into_iter().any(|name| claim(claims, name).is_none())
    }

    /// Adds what the id_token lacks. It is about the same person only where it says so (Core 1.0, 5.3.4).
    async fn add_user_info(
        &self,
        metadata: &Metadata,
        answer: &Value,
        claims: &mut Value,
    ) -> Result<(), Trouble> {
        let (Some(url), Ok(bearer)) = (&metadata.user_info, oauth::bearer(answer)) else { return Ok(()) };
        let told = get_json(url, Some(bearer.value.token()), instant() + WITHIN).await?;
        if told.get("sub") != claims.get("sub") {
            return Err(Trouble::NotBelieved("the provider tells of somebody else"));
        }
        if let (Some(claims), Value::Object(told)) = (claims.as_object_mut(), told) {
            for (name, value) in told {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(())
    }
}

async fn fetch_metadata(issuer: String) -> Result<Fresh<Metadata>, Trouble> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let told = get_json(&url, None, instant() + WITHIN).await?;
    let value = Metadata::read(&told, &issuer)?;
    Ok(Fresh { value, renew_after: RENEW_AFTER, usable_for: USABLE_FOR })
}

impl Metadata {
    fn read(told: &Value, issuer: &str) -> Result<Self, Trouble> {
        if told.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(Trouble::Unreadable("its issuer is spelt otherwise than access.openid.issuer"));
        }
        let endpoint = |name| lenient::endpoint(told, name).map(str::to_owned);
        let needed = |name| endpoint(name).ok_or(Trouble::Unreadable("an endpoint is missing or not https"));
        let ways = told.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let takes = |way: &str| ways.is_some_and(|ways| ways.iter().any(|one| one == way));
        Ok(Self {
            authorization: needed("authorization_endpoint")?,
            token: needed("token_endpoint")?,
            keys: needed("jwks_uri")?,
            user_info: endpoint("userinfo_endpoint"),
            end_session: endpoint("end_session_endpoint"),
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }
}
