//! Signing in at a provider, at our end of it.

use serde_json::json;
use vestibule_domain::time::Span;

use super::tests::{cookie, form};
use crate::http::kit::{Kit, Told, anonymous, ask, service};
use crate::identity::testing::Issuer;

const GRANTS: &str =
    "[access.grant.desk]\nclaim = [\"desk\"]\nrole = \"operator\"\norganizations = [\"lakeside\"]\n";

fn settings(issuer: &Issuer, grants: &str) -> String {
    format!(
        "[access]\ntokens = []\n[access.openid]\nissuer = \"{}\"\nclient_id = \"vestibule\"\nlabel = \"Lakeside ID\"\n{grants}",
        issuer.url()
    )
}

/// A parameter of the address that an answer leads to.
fn sent(told: &Told, name: &str) -> String {
    let to = url::Url::parse(told.header("location")).unwrap();
    to.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

macro_rules! begun {
    ($service:expr, $issuer:expr, $next:expr) => {{
        let told = ask!($service, anonymous(&format!("/sign-in/openid?next={}", $next)));
        assert_eq!(told.status, 303);
        $issuer.answers.borrow_mut().claims["nonce"] = json!(sent(&told, "nonce"));
        (sent(&told, "state"), cookie(&told))
    }};
}

fn back(state: &str, more: &str) -> actix_web::test::TestRequest {
    anonymous(&format!("/sign-in/openid/callback?state={state}&{more}"))
}

#[actix_web::test]
async fn a_person_signs_in_at_the_provider_with_the_role_that_the_settings_give() {
    let issuer = Issuer::start().await;
    let kit = Kit::with(&settings(&issuer, GRANTS));
    let service = service!(kit);
    let page = ask!(service, anonymous("/sign-in?next=%2Fadmin%2Flakeside%2Ffdi"));
    assert!(page.text().contains("Sign in with Lakeside ID") && !page.text().contains("name=\"token\""));
    assert!(page.text().contains("href=\"/sign-in/openid?next=%2Fadmin%2Flakeside%2Ffdi\""));
    let (state, browser) = begun!(service, issuer, "%2Fadmin%2Flakeside%2Ffdi");
    let told = ask!(service, back(&state, "code=c").insert_header(browser));
    assert_eq!((told.status, told.header("location")), (303, "/admin/lakeside/fdi"), "{}", told.text());
    let signed_in = cookie(&told);
    let as_them = |path: &str| anonymous(path).insert_header(signed_in.clone());
    assert_eq!(ask!(service, as_them("/admin/lakeside/fdi")).status, 200);
    let foreign = ask!(service, as_them("/admin/hillside/fdi")).problem(404);
    assert_eq!(ask!(service, as_them("/admin/nowhere/fdi")).problem(404), foreign);
    ask!(service, as_them("/metrics")).problem(403);

    // What a role may do is looked up at each request.
    for (grants, status) in [
        (GRANTS.replace("operator", "viewer"), 403),
        (GRANTS.replace("\"desk\"", "\"others\""), 303),
        (GRANTS.to_owned(), 200),
    ] {
        let mut changed = kit.app.clone();
        changed.settings = std::sync::Arc::new(crate::http::kit::settings(&settings(&issuer, &grants)));
        let changed = Kit { app: changed, store: kit.store.clone(), clock: kit.clock.clone() };
        let changed = service!(changed);
        assert_eq!(ask!(changed, as_them("/admin/lakeside/fdi")).status, status, "{grants}");
    }
    let out = form("/sign-out", &[]).insert_header(signed_in.clone());
    let told = ask!(service, out);
    assert_eq!(told.header("location"), "/sign-in?signed_out=yes");
    let page = ask!(service, anonymous("/sign-in?signed_out=yes")).text();
    assert!(page.contains("You have signed out") && page.contains("/end?client_id=vestibule"), "{page}");
    assert_eq!(ask!(service, as_them("/admin/lakeside/fdi")).status, 303);
}

#[actix_web::test]
async fn a_way_is_good_once_in_the_browser_that_began_it() {
    let issuer = Issuer::start().await;
    let kit = Kit::with(&settings(&issuer, GRANTS));
    let service = service!(kit);
    let (state, browser) = begun!(service, issuer, "%2Fops");
    let good = || back(&state, "code=c").insert_header(browser.clone());
    assert_eq!(ask!(service, good()).status, 303);
    let stale = |told: Told| {
        assert_eq!((told.status, told.header("set-cookie")), (400, ""), "{}", told.text());
        assert!(told.text().contains("was used before"));
    };
    stale(ask!(service, good()));
    // Somebody else's browser, or one without a cookie; then it is gone for its own, too.
    for foreign in [None, Some(("cookie", "vestibule_browser=made-up-by-somebody-else".to_owned()))] {
        let (state, browser) = begun!(service, issuer, "%2Fops");
        let request = back(&state, "code=c");
        stale(match foreign {
            Some(foreign) => ask!(service, request.insert_header(foreign)),
            None => ask!(service, request),
        });
        stale(ask!(service, back(&state, "code=c").insert_header(browser)));
    }
    let (state, browser) = begun!(service, issuer, "%2Fops");
    let mixed = back(&state, "code=c&iss=https%3A%2F%2Fother.example").insert_header(browser);
    stale(ask!(service, mixed));
    let (state, browser) = begun!(service, issuer, "%2Fops");
    kit.clock.advance(Span::hours(1));
    stale(ask!(service, back(&state, "code=c").insert_header(browser)));
    let entries = async || {
        kit.app.audit.settle(std::time::Duration::from_secs(5)).await.unwrap();
        let chain = crate::audit::Chain::new(&kit.app.desk.ports().store, &crate::audit::ChainId::of(None));
        chain.unwrap().lines(1).await.unwrap().unwrap_or_default().lines().count()
    };
    let before = entries().await;
    for nothing in ["", "code=c", "state=&code=c", "state=made-up&code=c", "state=a&state=b&code=c"] {
        stale(ask!(service, anonymous(&format!("/sign-in/openid/callback?{nothing}&csn={}", nothing.len()))));
    }
    assert_eq!(entries().await, before, "nobody can fill the audit by this door");
}

#[actix_web::test]
async fn a_sign_in_that_fails_says_why_and_leads_nowhere_else() {
    let issuer = Issuer::start().await;
    let kit = Kit::with(&settings(&issuer, GRANTS));
    let service = service!(kit);
    let (state, browser) = begun!(service, issuer, "%2F%2Fevil.example");
    let told = ask!(service, back(&state, "code=c").insert_header(browser));
    assert_eq!((told.status, told.header("location")), (303, "/"), "only paths of our own");

    let (state, browser) = begun!(service, issuer, "%2Fops");
    let told =
        ask!(service, back(&state, "error=access_denied&error_description=secret").insert_header(browser));
    assert!(
        told.status == 400 && told.text().contains("was not completed") && !told.text().contains("secret")
    );

    issuer.answers.borrow_mut().claims["groups"] = json!(["strangers"]);
    let (state, browser) = begun!(service, issuer, "%2Fops");
    let told = ask!(service, back(&state, "code=c").insert_header(browser));
    assert!(told.status == 403 && told.text().contains("no role"), "{}", told.text());
    assert_eq!(told.header("set-cookie"), "");

    let (state, browser) = begun!(service, issuer, "%2Fops");
    issuer.answers.borrow_mut().claims["nonce"] = json!("of another sign-in");
    assert_eq!(ask!(service, back(&state, "code=c").insert_header(browser)).status, 502);

    let (state, browser) = begun!(service, issuer, "%2Fops");
    issuer.answers.borrow_mut().down = true;
    let told = ask!(service, back(&state, "code=c").insert_header(browser));
    assert!(told.status == 503 && told.text().contains("does not answer"));
    let metrics = ask!(service, anonymous("/metrics"));
    assert_eq!(metrics.status, 401);
    let text = kit.app.metrics.render(crate::http::metrics::TextFormat::accepted(None)).unwrap();
    for outcome in ["declined", "no_role", "not_believed", "provider_unavailable", "done"] {
        assert!(text.contains(&format!("vestibule_sign_ins_total{{outcome=\"{outcome}\"}} 1")), "{outcome}");
    }
}
