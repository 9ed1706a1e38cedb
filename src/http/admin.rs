//! The pages for whoever sets up Epic: the organizations, and the lines for the FDI records of one.

use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule_domain::id::OrganizationId;

use super::access::Who;
use super::app::App;
use super::launch::{LaunchKind, redirect_uri};
use super::page::{page_again, staff_page};
use super::problem::ApiError;
use super::visit::language_of;
use crate::epic::{FdiRecord, fdi_records};
use crate::settings::{Environment, Organization, Settings, StaffRole};
use crate::web::{AdminPage, ByAccount, FdiPage, FdiRow, OrganizationLink, ProviderAccounts};

/// The organizations, each leading to its lines.
///
/// # Errors
/// [`ApiError::Internal`] when the page cannot be rendered.
#[utoipa::path(get, path = "/admin", tag = "operations", params(
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The organizations to set up in Epic", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
))]
pub async fn index(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    listed(&app, &who, &request, None)
}

/// The page; once more, where what was written for the id of another organization is none.
///
/// # Errors
/// [`ApiError`] without a role, and when the page cannot be rendered.
pub(super) fn listed(
    app: &App,
    who: &Who,
    request: &HttpRequest,
    no_id: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    who.anywhere(StaffRole::Operator)?;
    let may_see = |(id, _): &(&OrganizationId, &Organization)| who.may(id, StaffRole::Operator);
    let mut organizations: Vec<OrganizationLink> = app
        .settings
        .organizations
        .iter()
        .filter(may_see)
        .map(|(id, organization)| OrganizationLink {
            id: id.as_str().to_owned(),
            name: organization.display_name.clone(),
            test_environment: Some(is_test(organization)),
            may_audit: who.may(id, StaffRole::Administrator),
        })
        .collect();
    let may_make = who.everywhere(StaffRole::Administrator).is_ok();
    let standing = app.configuration.standing.get();
    let broken = standing.refused.keys().filter(|id| !app.settings.organizations.contains_key(*id));
    organizations.extend(broken.filter(|id| who.may(id, StaffRole::Operator)).map(|id| OrganizationLink {
        id: id.as_str().to_owned(),
        name: id.as_str().to_owned(),
        test_environment: None,
        may_audit: may_make,
    }));
    let (language, signed_in) = (language_of(request, None), who.signed_in(app));
    let page = AdminPage { language, organizations: &organizations, may_make, no_id, signed_in };
    if no_id.is_some() { page_again(request, &page) } else { staff_page(HttpResponse::Ok(), &page) }
}

/// The lines for the FDI records of one organization.
///
/// # Errors
/// [`ApiError::UnknownOrganization`], and [`ApiError::Internal`] when the page cannot be rendered.
#[utoipa::path(get, path = "/admin/{organization}/fdi", tag = "operations", params(
    ("organization" = String, Path, description = "As in the settings"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "URL and CONTEXT of every kind of launch, to paste into Epic", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 404, description = "No such organization", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub async fn fdi(
    app: web::Data<App>,
    who: Who,
    request: HttpRequest,
    organization: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (id, organization) = who.organization(&app, &organization, StaffRole::Operator)?;
    let epic = &organization.epic;
    let jwks_url = app.settings.server.public_url.with_path(&format!("/epic/{id}/jwks.json"));
    let rows = rows(&app.settings, id, organization);
    let page = FdiPage {
        language: language_of(&request, Some(organization)),
        organization: id.as_str(),
        name: &organization.display_name,
        test_environment: is_test(organization),
        fhir_base_url: epic.fhir_base_url.as_str(),
        client_id: &epic.client_id,
        redirect_uri: &redirect_uri(&app),
        jwks_url: &jwks_url,
        framed: !organization.framing_hosts.is_empty(),
        by_account: by_account(organization),
        mychart_id_token: &epic.mychart_id_token,
        accounts: accounts(organization),
        rows: &rows,
        signed_in: who.signed_in(&app),
    };
    staff_page(HttpResponse::Ok(), &page)
}

fn is_test(organization: &Organization) -> bool {
    organization.environment == Environment::Test
}

fn by_account(organization: &Organization) -> ByAccount {
    match (&organization.org_id, organization.former_org_ids.is_empty()) {
        (_, false) => ByAccount::KeyChanged,
        (Some(_), true) => ByAccount::WithKey,
        (None, true) => ByAccount::AccountAlone,
    }
}

fn accounts(organization: &Organization) -> ProviderAccounts {
    match (&organization.epic.provider_email_token, &organization.zoom.provider_email_domain) {
        (Some(_), _) => ProviderAccounts::ByAddress,
        (None, Some(_)) => ProviderAccounts::ByDomain,
        (None, None) => ProviderAccounts::Nowhere,
    }
}

/// A row for each record whose launch is served.
fn rows(settings: &Settings, id: &OrganizationId, organization: &Organization) -> Vec<FdiRow> {
    let public = &settings.server.public_url;
    let query = account_query(organization);
    let row = |FdiRecord { kind, context }| FdiRow {
        kind,
        url: public.with_path(&format!("/epic/{id}/launch/{kind}")),
        url_by_account: public.with_path(&format!("/epic/launch/{kind}?{query}")),
        context,
        sample: organization
            .epic
            .sample_launch_url
            .as_ref()
            .map(|fakes| fakes.with_path(&format!("/demo/sample/{kind}"))),
    };
    let served = |record: &FdiRecord| {
        LaunchKind::parse(record.kind).is_ok_and(|kind| kind.served_by(organization).is_ok())
    };
    fdi_records(&organization.epic).into_iter().filter(served).map(row).collect()
}

fn account_query(organization: &Organization) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let account = format!("acc_id={}", encode(&organization.acc_id));
    match &organization.org_id {
        Some(key) => format!("org_id={}&{account}", encode(key)),
        None => account,
    }
}

#[cfg(test)]
mod tests {
    use crate::http::kit::{Kit, anonymous, ask, get, service};

    const FDI: &str = "/admin/lakeside/fdi";

    #[actix_web::test]
    async fn e42_the_lines_of_every_launch_are_there_to_be_pasted() {
        let kit = Kit::with("[server]\npublic_url = \"https://video.example.org\"");
        let service = service!(kit);
        let page = ask!(service, get(FDI));
        assert_eq!(page.status, 200, "{}", page.text());
        for expected in [
            "FDI records of Lakeside Health",
            "https://video.example.org/epic/lakeside/launch/provider<",
            "https://video.example.org/epic/launch/patient?acc_id=account%2Dat%2Dzoom<",
            "csn=%CSN%&#38;externalid=%EPICUSERID%&#38;externalidtype=1&#38;",
            "csn=%CSN%&#38;externalid=%WPRID%&#38;externalidtype=2&#38;",
            "<code>SMART ON FHIR</code>",
            "<code>client-at-epic</code>",
            "https://video.example.org/epic/callback<",
            "https://video.example.org/epic/lakeside/jwks.json<",
            "data-environment=\"test\"",
        ] {
            assert!(page.text().contains(expected), "{expected} not in {}", page.text());
        }
        assert!(!page.text().contains("org_id="), "no API key is known");
        assert!(!page.text().contains("/demo/"), "nothing to try at a real Epic");
    }

    #[actix_web::test]
    async fn e42_the_api_key_stands_beside_the_account_and_a_changed_one_is_told_of() {
        for (former, told) in
            [("[]", "changes when it is regenerated"), ("[\"K1\"]", "a record with org_id alone is refused")]
        {
            let kit = Kit::with(&format!(
                "[organization.lakeside]\norg_id = \"K 2\"\nformer_org_ids = {former}\nenvironment = \"production\""
            ));
            let service = service!(kit);
            let page = ask!(service, get(FDI)).text();
            assert!(
                page.contains("/epic/launch/provider?org_id=K%202&#38;acc_id=account%2Dat%2Dzoom<"),
                "{page}"
            );
            assert!(page.contains(told) && page.contains("data-environment=\"production\""), "{page}");
        }
    }

    #[actix_web::test]
    async fn e42_whether_providers_will_be_found_at_zoom_is_told() {
        for (text, told) in [
            ("", "providers will be refused"),
            ("zoom.provider_email_domain = \"lakeside.example\"", "under zoom.provider_email_domain"),
            (
                "epic.provider_email_token = \"%USEREMAIL%\"",
                "found by the e-mail address that the lines bring",
            ),
        ] {
            let kit = Kit::with(&format!("[organization.lakeside]\n{text}"));
            let service = service!(kit);
            let page = ask!(service, get(FDI)).text();
            assert!(page.contains(told), "{told} not in {page}");
            assert_eq!(page.contains("email=%USEREMAIL%"), text.contains("token"), "{page}");
        }
    }

    #[actix_web::test]
    async fn e49_there_is_a_record_of_device_tests_where_there_is_a_page_to_test_at() {
        for (url, there) in [("", false), ("https://test.example.org/?back={return_url}", true)] {
            let kit = Kit::with(&format!("[organization.lakeside]\ndevice_test_url = \"{url}\""));
            let service = service!(kit);
            let page = ask!(service, get(FDI)).text();
            assert_eq!(page.contains("/epic/lakeside/launch/device-test<"), there, "{page}");
            let line = "csn=%CSN%&#38;conferenceid=%CONFERENCEID%&#38;externalid=%WPRID%";
            assert_eq!(page.contains(line), there, "a test may be for a group: {page}");
        }
    }

    #[actix_web::test]
    async fn the_set_up_is_for_people_who_signed_in_and_in_their_language() {
        let kit = Kit::new();
        let service = service!(kit);
        let told = ask!(service, anonymous(FDI));
        assert_eq!((told.status, told.header("location")), (303, "/sign-in?next=%2Fadmin%2Flakeside%2Ffdi"));
        assert_eq!(ask!(service, anonymous("/admin")).header("location"), "/sign-in?next=%2Fadmin");
        ask!(service, get("/admin/nowhere/fdi")).problem(404);
        let page = ask!(service, get(&format!("{FDI}?lang=es"))).text();
        assert!(
            page.contains("<html lang=\"es\">") && page.contains("Registros FDI de Lakeside Health"),
            "{page}"
        );
        let index = ask!(service, get("/admin")).text();
        assert!(
            index.contains("href=\"/admin/lakeside/fdi?lang=en\"") && index.contains("hillside"),
            "{index}"
        );
    }

    #[actix_web::test]
    async fn what_is_no_id_stays_in_its_field_with_what_is_wrong_beside_it() {
        let kit = Kit::new();
        let service = service!(kit);
        for (written, shown) in [("new", "new"), ("Lake%20%3CSide", "Lake &#60;Side"), ("", "")] {
            let at = |lang: &str| get(&format!("/admin/new?id={written}&lang={lang}"));
            ask!(service, at("en")).problem(400);
            let page = ask!(service, at("en").insert_header(("accept", "text/html")));
            let text = page.text();
            assert_eq!(
                (page.status, page.header("content-type")),
                (400, "text/html; charset=utf-8"),
                "{text}"
            );
            let wrong = format!(
                "value=\"{shown}\" aria-invalid=\"true\" aria-describedby=\"id-problem id-note\" autofocus"
            );
            for part in
                [&wrong, "id=\"id-problem\">This cannot be an id", "href=\"/admin/lakeside/fdi?lang=en\""]
            {
                assert!(text.contains(part), "{part} is not in {text}");
            }
            let spanish = ask!(service, at("es").insert_header(("accept", "text/html"))).text();
            assert!(spanish.contains("id=\"id-problem\">Esto no puede ser un identificador"), "{spanish}");
        }
        let plain = ask!(service, get("/admin")).text();
        assert!(!plain.contains("aria-invalid") && !plain.contains("id-problem"), "{plain}");
    }

    #[actix_web::test]
    async fn a_sample_is_offered_where_the_epic_is_a_fake_one() {
        let kit = Kit::with(
            "[organization.lakeside.epic]\nfhir_base_url = \"http://127.0.0.1:8081/epic/api/FHIR/R4\"\n\
             sample_launch_url = \"http://127.0.0.1:8081\"",
        );
        let service = service!(kit);
        let page = ask!(service, get(FDI)).text();
        assert!(
            page.contains("href=\"http://127.0.0.1:8081/demo/sample/provider\" target=\"_blank\""),
            "{page}"
        );
        let other = ask!(service, get("/admin/hillside/fdi")).text();
        assert!(!other.contains("/demo/"), "{other}");
    }
}
