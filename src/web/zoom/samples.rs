//! The pages about a Zoom account with every state, for what holds for all pages.

use askama::Template;
use jiff::Timestamp;

use super::{ConnectTrouble, ScopeRow, WebhookCheck, ZoomPage, ZoomResultPage, ZoomStands};
use crate::web::{Language, SignedIn};

/// With `text` wherever a text from outside can come in.
pub(in crate::web) fn samples(language: Language, text: &str) -> Vec<(String, String)> {
    let at = Timestamp::UNIX_EPOCH;
    let user = Some(text.to_owned());
    let each = [
        ZoomStands::Connected { since: Some(at), user, in_doubt: false },
        ZoomStands::Connected { since: None, user: None, in_doubt: true },
        ZoomStands::NoToken,
        ZoomStands::NotYet,
        ZoomStands::AuthenticateAgain { since: at },
        ZoomStands::Removed { since: at, forget_at: at, forgotten: false },
        ZoomStands::Removed { since: at, forget_at: at, forgotten: true },
    ];
    let row = |held| ScopeRow { scope: "user:read:user:admin", purpose: "find providers", held };
    let needed = [row(Some(true)), row(Some(false)), row(None)];
    let mut pages = Vec::new();
    for (stands, by_consent) in each.iter().flat_map(|stands| [(stands, true), (stands, false)]) {
        let page = ZoomPage {
            language,
            organization: text,
            name: text,
            test_environment: true,
            by_consent,
            stands,
            account_id: text,
            client_id: text,
            redirect_uri: text,
            webhook_url: text,
            checked: if by_consent { WebhookCheck::Overdue(at) } else { WebhookCheck::Never },
            needed: &needed,
            others: &[text.to_owned()],
            trouble: by_consent.then_some(ConnectTrouble::Zoom),
            may_change: true,
            signed_in: SignedIn::YES,
        };
        pages.push((format!("zoom {language:?} {stands:?} {by_consent}"), page.render().unwrap()));
    }
    for trouble in ConnectTrouble::ALL.map(Some).into_iter().chain([None]) {
        let (name, back) = (Some(text), Some(text));
        let page =
            ZoomResultPage { language, name, trouble, back, correlation_id: text, signed_in: SignedIn::NO };
        pages.push((format!("zoom result {language:?} {trouble:?}"), page.render().unwrap()));
    }
    pages
}
