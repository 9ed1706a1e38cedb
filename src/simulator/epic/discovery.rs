//! The metadata that clients find their way by.

use serde_json::{Value, json};

use super::EpicSite;

pub(super) fn smart_configuration(site: &EpicSite) -> Value {
    let oauth = site.oauth_base();
    json!({
        "issuer": oauth,
        "jwks_uri": format!("{oauth}/jwks"),
        "authorization_endpoint": format!("{oauth}/authorize"),
        "token_endpoint": site.token_url(),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "scopes_supported": ["launch", "openid", "fhirUser", "profile"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": [
            "launch-ehr", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric",
            "context-ehr-patient", "context-ehr-encounter", "sso-openid-connect", "permission-v1", "permission-v2"
        ],
    })
}

pub(super) fn openid_configuration(site: &EpicSite) -> Value {
    let oauth = site.oauth_base();
    json!({
        "issuer": oauth,
        "authorization_endpoint": format!("{oauth}/authorize"),
        "token_endpoint": site.token_url(),
        "jwks_uri": format!("{oauth}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["aud", "exp", "fhirUser", "iat", "iss", "nonce", "sub"],
    })
}
