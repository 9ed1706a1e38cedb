//! What somebody at a staff page reads when it does not do what was asked: a page of the same frame, with the sentence that programs are told,
//! what to do, and the reference. Programs get the problem document as it is.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::correlation;
use super::page::staff_page;
use super::problem::{ApiError, of_status, wants_page};
use super::visit::language_of;
use crate::web::{RefusedPage, SignedIn};

/// Routes that are for programs alone, also where a browser opens them.
const PROGRAMS: [&str; 2] = ["/api/", "/metrics"];

/// An answer of a staff route; a refusal becomes its page where a person reads it.
pub fn shown(answered: ServiceResponse<BoxBody>, signed_in: SignedIn) -> ServiceResponse<BoxBody> {
    let error = of_response(answered.response()).filter(|_| is_for_a_person(answered.request()));
    let Some(error) = error else { return answered };
    let (request, before) = answered.into_parts();
    let mut page = page(&error, &request, signed_in);
    for (name, value) in before.headers() {
        if !page.headers().contains_key(name) {
            page.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, page)
}

/// The answer to whoever is not let in.
pub fn answer(error: &ApiError, request: &HttpRequest) -> HttpResponse {
    if !is_for_a_person(request) {
        return error.answer(request);
    }
    error.log();
    page(error, request, SignedIn::NO)
}

/// Why an answer is a refusal: as a handler said it, or as the framework did, which says nothing of its own.
fn of_response(response: &HttpResponse) -> Option<ApiError> {
    let error = response.error()?;
    error.as_error::<ApiError>().cloned().or_else(|| of_status(response.status()))
}

fn is_for_a_person(request: &HttpRequest) -> bool {
    wants_page(request) && !PROGRAMS.iter().any(|path| request.path().starts_with(path))
}

fn page(error: &ApiError, request: &HttpRequest, signed_in: SignedIn) -> HttpResponse {
    let correlation_id = correlation::current();
    let page = RefusedPage {
        language: language_of(request, None),
        code: error.code(),
        title: error.title(),
        sentence: &error.sentence(),
        correlation_id: correlation_id.as_str(),
        signed_in,
    };
    staff_page(error.head(), &page).unwrap_or_else(|failed| failed.error_response())
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;

    use super::*;
    use crate::http::kit::{Kit, anonymous, ask, get, service};

    const PAGE: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

    #[actix_web::test]
    async fn a_person_reads_a_page_and_a_program_its_problem() {
        let kit = Kit::new();
        let service = service!(kit);
        for (path, status, english, spanish) in [
            (
                "/visits/lakeside/99999",
                404,
                "No such visit is kept here",
                "Aquí no se conserva ninguna visita así",
            ),
            (
                "/admin/nowhere/fdi",
                404,
                "No organization of this name is set up here",
                "Aquí no hay ninguna organización",
            ),
        ] {
            ask!(service, get(path)).problem(status);
            let page = ask!(service, get(path).insert_header(PAGE));
            assert_eq!(
                (page.status, page.header("content-type")),
                (status, "text/html; charset=utf-8"),
                "{path}"
            );
            let text = page.text();
            assert!(text.contains(english) && text.contains("Live visits"), "{path}: {text}");
            // Else a browser sends the page's own form without saying where it comes from.
            assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
            assert!(
                text.contains(page.header("x-correlation-id")) && !text.contains("MyChart"),
                "{path}: {text}"
            );
            let spanish_page =
                ask!(service, get(path).insert_header(PAGE).insert_header(("accept-language", "es"))).text();
            assert!(
                spanish_page.contains(spanish) && !spanish_page.contains(english),
                "{path}: {spanish_page}"
            );
        }
        // What is for programs stays so.
        ask!(service, get("/api/v1/visits/lakeside/99999").insert_header(PAGE)).problem(404);
    }

    #[test]
    fn each_kind_of_refusal_has_its_words_in_spanish() {
        let role = crate::settings::StaffRole::Operator;
        let all = [
            ApiError::NotFound,
            ApiError::UnknownOrganization,
            ApiError::NoSuchVisit,
            ApiError::NoSuchVersion,
            ApiError::MethodNotAllowed,
            ApiError::BadRequest(String::new()),
            ApiError::NoReason,
            ApiError::BodyTooLarge,
            ApiError::NotSignedIn,
            ApiError::IssuerUnavailable(String::new()),
            ApiError::NoRole,
            ApiError::NotLoopback,
            ApiError::NotAllowed(role),
            ApiError::NotEverywhere(role),
            ApiError::ForeignOrigin,
            ApiError::TooManyAttempts { retry_after_seconds: 1 },
            ApiError::Overloaded("x"),
            ApiError::Draining,
            ApiError::StoreUnavailable(String::new()),
            ApiError::Unreadable(String::new()),
            ApiError::CopyFailed(String::new()),
            ApiError::Internal("x"),
            ApiError::Bare(StatusCode::IM_A_TEAPOT),
        ];
        for error in all {
            assert!(crate::web::is_translated(error.code()), "{}", error.code());
            assert!(
                crate::web::came_to(crate::web::Language::Spanish, error.code()).is_some(),
                "{}",
                error.code()
            );
        }
    }

    #[actix_web::test]
    async fn a_form_that_cannot_be_read_is_told_as_any_other_mistake() {
        let kit = Kit::new();
        let service = service!(kit);
        let post = || get("/visits/lakeside/10001/end").method(actix_web::http::Method::POST);
        let json = ("content-type", "application/json");
        ask!(service, post().insert_header(json).set_payload("{}")).problem(400);
        let page = ask!(service, post().insert_header(json).insert_header(PAGE).set_payload("{}"));
        assert!(page.status == 400 && page.text().contains("Nothing was changed"), "{}", page.text());
        let form = ("content-type", "application/x-www-form-urlencoded");
        let much = format!("reason={}", "x".repeat(1_048_577));
        ask!(service, post().insert_header(form).set_payload(much)).problem(413);
    }

    #[actix_web::test]
    async fn whoever_is_turned_away_reads_why_and_not_what_patients_read() {
        let kit = Kit::new();
        let service = service!(kit);
        let foreign = anonymous("/sign-in")
            .method(actix_web::http::Method::POST)
            .insert_header(PAGE)
            .insert_header(("origin", "https://elsewhere.example"))
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload("token=x");
        let page = ask!(service, foreign);
        assert_eq!(page.status, 403);
        assert!(page.text().contains("comes from a page of another site"), "{}", page.text());
        assert!(!page.text().contains("our mistake"), "{}", page.text());
    }
}
