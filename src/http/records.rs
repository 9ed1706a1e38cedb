//! The notification records screen: searches on the server, so that it works without scripts.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use jiff::tz::TimeZone;
use vestibule_actors::port::store::{Outcome, Record, RecordQuery};
use vestibule_domain::time::Moment;

use super::access::Who;
use super::app::App;
use super::ask::{self, stored};
use super::audited::Looked;
use super::page::staff_page;
use super::problem::ApiError;
use super::search::{asked, without_organization, zone_of};
use super::times::dated;
use super::view::{RecordView, timestamp};
use super::visit::language_of;
use crate::epic::checks;
use crate::settings::{StaffRole, StatusDialect};
use crate::web::{
    Became, OrganizationChoice, RecordRow, RecordsPage, RecordsQuery, RecordsResult, UnusableSearch,
};

/// Rows on one page: what a person looks through.
const ROWS: usize = 50;

/// The page, with what was searched for.
///
/// # Errors
/// [`ApiError`] when the query cannot be read at all; a search that makes no sense is told on the page.
#[utoipa::path(get, path = "/records", tag = "operations", params(
    ("organization" = Option<String>, Query, description = "As in the settings"),
    ("meeting_id" = Option<String>, Query, description = "Zoom's meeting id, however it was pasted"),
    ("csn" = Option<String>, Query, description = "Epic's contact serial number"),
    ("outcome" = Option<String>, Query, description = "delivered, retrying, parked or superseded"),
    ("resp_code" = Option<String>, Query, description = "Epic's HTTP status; 0 where no answer came"),
    ("epic_code" = Option<String>, Query, description = "Epic's own code, the whole of it, whether in capitals or not"),
    ("from" = Option<String>, Query, description = "From this time on; without an offset in the organization's zone"),
    ("to" = Option<String>, Query, description = "Before this time; a day alone is in it to its end"),
    ("record" = Option<String>, Query, description = "One record, by its id"),
    ("cursor" = Option<String>, Query, description = "Older records, from the page's own link"),
    ("lang" = Option<String>, Query, description = "en or es"),
), responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 400, description = "The page, saying what is wrong with the search", content_type = "text/html"),
    (status = 503, description = "The page, saying that the records cannot be read now", content_type = "text/html"),
))]
pub async fn page(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let query = web::Query::<RecordsQuery>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .map_err(|error| ApiError::BadRequest(format!("the query cannot be read ({error})")))?;
    let result = search(&app, &who, &query).await;
    if !query.record.trim().is_empty() {
        request.extensions_mut().insert(Looked { search: query.search(), exported: false });
    }
    let answer = match &result {
        RecordsResult::NotAsked | RecordsResult::Found { .. } => HttpResponse::Ok(),
        RecordsResult::Unusable(_) => HttpResponse::BadRequest(),
        RecordsResult::Unavailable => HttpResponse::ServiceUnavailable(),
    };
    let organizations = choices(&app, &who);
    let chosen = ask::organization(&app, &query.organization).ok().filter(|(id, _)| who.sees(id));
    let may_resend = chosen.is_some_and(|(id, _)| who.may(id, StaffRole::Operator));
    let language = language_of(&request, chosen.map(|(_, organization)| organization));
    let signed_in = who.signed_in(&app);
    staff_page(
        answer,
        &RecordsPage {
            language,
            organizations: &organizations,
            query: &query,
            result,
            may_resend,
            signed_in,
        },
    )
}

fn choices(app: &App, who: &Who) -> Vec<OrganizationChoice> {
    let known = app.settings.organizations.iter().filter(|(id, _)| who.sees(id));
    known
        .map(|(id, organization)| OrganizationChoice {
            id: id.as_str().to_owned(),
            name: organization.display_name.clone(),
        })
        .collect()
}

async fn search(app: &App, who: &Who, query: &RecordsQuery) -> RecordsResult {
    if query.is_blank() {
        return RecordsResult::NotAsked;
    }
    let (search, shown) = match wanted(app, who, query) {
        Ok(wanted) => wanted,
        Err(why) => return RecordsResult::Unusable(why),
    };
    match stored(app.desk.ports().store.records(search)).await {
        Ok(page) => RecordsResult::Found {
            back_to: page.next.filter(|_| page.items.len() < ROWS).map(|next| shown.time(next.at)),
            records: page.items.iter().map(|record| shown.row(record)).collect(),
            next: page.next.map(|next| next.to_string()),
        },
        Err(error) => {
            tracing::warn!(code = error.code(), "records could not be read");
            RecordsResult::Unavailable
        }
    }
}

fn wanted(app: &App, who: &Who, query: &RecordsQuery) -> Result<(RecordQuery, Shown), Vec<UnusableSearch>> {
    let organization = who.organization(app, &query.organization, StaffRole::Viewer);
    let (id, organization) = organization.map_err(|_| without_organization(query))?;
    let shown = Shown { zone: zone_of(organization), dialect: organization.epic.status_dialect };
    let search = asked(query, id, &shown.zone)?;
    // A cursor that nobody gave begins at the newest record again, which a person sees at once.
    let before = query.cursor.as_deref().and_then(|cursor| cursor.parse().ok());
    Ok((RecordQuery { before, limit: ROWS, ..search }, shown))
}

/// How an organization's records are shown.
struct Shown {
    zone: TimeZone,
    dialect: StatusDialect,
}

impl Shown {
    fn time(&self, at: Moment) -> String {
        dated(timestamp(at), &self.zone)
    }

    /// Whether what Epic was told happened on the day on which it was told.
    fn is_of_one_day(&self, record: &Record) -> bool {
        let day = |at: Moment| timestamp(at).0.to_zoned_datetime(self.zone.clone()).date();
        day(record.occurred_at) == day(record.at)
    }

    fn occurred(&self, record: &Record) -> String {
        if !self.is_of_one_day(record) {
            return self.time(record.occurred_at);
        }
        let occurred = timestamp(record.occurred_at).0.to_zoned_datetime(self.zone.clone());
        occurred.strftime("%H:%M:%S %Z").to_string()
    }

    fn row(&self, record: &Record) -> RecordRow {
        let view = RecordView::from(record);
        RecordRow {
            checks: checks(self.dialect, view.attempt, view.resp_code, view.epic_code.as_deref()),
            id: view.id,
            at_site: self.time(record.at),
            at: view.at.0,
            occurred_at: view.occurred_at.0,
            occurred_at_site: self.occurred(record),
            occurred_that_day: self.is_of_one_day(record),
            meeting_id: view.meeting_id,
            csn: view.csn,
            role: record.role,
            says: record.says,
            outcome: became(record.outcome),
            attempt: view.attempt,
            attempts: view.attempts,
            resp_code: view.resp_code,
            epic_code: view.epic_code,
            latency_ms: (view.attempt > 0).then_some(view.latency_ms),
            hint: view.hint,
            resend: view.resend,
        }
    }
}

fn became(outcome: Outcome) -> Became {
    match outcome {
        Outcome::Delivered => Became::Delivered,
        Outcome::Retrying => Became::Retrying,
        Outcome::Parked => Became::Parked,
        Outcome::Superseded => Became::Superseded,
    }
}

#[cfg(test)]
mod tests {
    use vestibule_actors::memory::When;
    use vestibule_actors::port::store::{Outcome, Record, UpdateId};
    use vestibule_domain::time::Span;

    use crate::http::kit::{Kit, NOW, ask, get, key, record, service};

    #[actix_web::test]
    async fn records_are_searched_by_filters_and_each_has_an_address() {
        let kit = Kit::new();
        let epic_code = Some("INVALID-USER-ID".to_owned());
        let refused = Record { resp_code: 400, epic_code, ..record(NOW + Span::seconds(5), Outcome::Parked) };
        let address = refused.place().to_string();
        kit.record(&key("10001"), vec![record(NOW, Outcome::Delivered), refused]).await;
        let service = service!(kit);
        for (filters, found) in [
            ("outcome=parked", 1),
            ("resp_code=200", 1),
            ("resp_code=200&outcome=parked", 0),
            ("epic_code=INVALID-USER-ID", 1),
            ("epic_code=+invalid-user-id.+", 1),
            ("epic_code=INVALID-USER", 0),
            ("from=2026-11-23T17:00:05Z", 1),
            ("to=2026-11-23T17:00:05Z", 1),
            ("csn=10001&from=2026-11-22&to=2026-11-24", 2),
            (&format!("record={address}"), 1),
        ] {
            let path = format!("/api/v1/notifications?organization=lakeside&{filters}");
            let rows = ask!(service, get(&path)).json()["notifications"].as_array().unwrap().len();
            assert_eq!(rows, found, "{filters}");
            let page = ask!(service, get(&format!("/records?organization=lakeside&{filters}")));
            assert_eq!(page.text().matches("<tr data-tone").count(), found, "{filters}");
        }
        let page = ask!(service, get("/records?organization=lakeside&outcome=parked"));
        assert!(page.text().contains("Check in this order"), "{}", page.text());
        let link = format!("/records?organization=lakeside&record={}", address.replace('-', "%2D"));
        assert!(page.text().replace("&amp;", "&").replace("&#38;", "&").contains(&link), "{}", page.text());
        for bad in [
            "outcome=lost",
            "resp_code=700",
            "epic_code=two+words",
            "from=soon",
            "record=7",
            "from=2026-11-24&to=2026-11-22",
        ] {
            assert_eq!(
                ask!(service, get(&format!("/records?organization=lakeside&{bad}"))).status,
                400,
                "{bad}"
            );
            let path = format!("/api/v1/notifications?organization=lakeside&{bad}");
            assert_eq!(ask!(service, get(&path)).status, 400, "{bad}");
        }
    }

    // The filter, the place of the page and the one record leave other attempts out of sight.
    #[actix_web::test]
    async fn each_attempt_is_of_how_many_wherever_it_is_shown() {
        let kit = Kit::new();
        let update = Some(UpdateId(7));
        let retrying = |attempt: u32| Record {
            attempt,
            update,
            ..record(NOW + Span::seconds(i64::from(attempt)), Outcome::Retrying)
        };
        let first = retrying(1);
        let address = first.place().to_string();
        let others = (100..160).map(|n| Record {
            csn: Some(crate::http::kit::csn("10002")),
            ..record(NOW + Span::seconds(n), Outcome::Delivered)
        });
        let delivered = Record { attempt: 3, update, ..record(NOW + Span::seconds(3), Outcome::Delivered) };
        kit.record(&key("10001"), vec![first, retrying(2), delivered]).await;
        kit.record(&key("10002"), others.collect()).await;
        let service = service!(kit);
        for (search, said) in [
            ("csn=10001", &["3 of 3", "2 of 3", "1 of 3"][..]),
            ("csn=10001&outcome=retrying", &["2 of 3", "1 of 3"]),
            ("to=2026-11-23T17:00:03Z", &["2 of 3", "1 of 3"]),
            (&format!("record={address}"), &["1 of 3"]),
        ] {
            let page = ask!(service, get(&format!("/records?organization=lakeside&{search}"))).text();
            assert_eq!(page.matches(" of 3").count(), said.len(), "{search}");
            assert!(said.iter().all(|said| page.contains(said)), "{search}: {page}");
            let path = format!("/api/v1/notifications?organization=lakeside&{search}");
            let told = ask!(service, get(&path)).json();
            let rows = told["notifications"].as_array().unwrap();
            assert!(rows.len() == said.len() && rows.iter().all(|row| row["attempts"] == 3), "{told}");
            let csv = ask!(service, get(&format!("{path}&format=csv")));
            let mut csv = csv::Reader::from_reader(csv.body.as_slice());
            let column = csv.headers().unwrap().iter().position(|name| name == "attempts").unwrap();
            assert!(csv.records().all(|row| &row.unwrap()[column] == "3"), "{search}");
        }
        let older = "/records?organization=lakeside&from=2026-11-23";
        let page = ask!(service, get(older)).text();
        let next = page.split("href=\"").find(|part| part.contains("cursor=")).unwrap();
        let next = next.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        let page = ask!(service, get(&next)).text();
        assert!(page.contains("1 of 3") && page.contains("3 of 3"), "{page}");
        // One of before attempts were counted says what it knows.
        let before = Record { attempt: 2, ..record(NOW, Outcome::Retrying) };
        let address = before.place().to_string();
        kit.record(&key("10001"), vec![before]).await;
        let page = ask!(service, get(&format!("/records?organization=lakeside&record={address}"))).text();
        assert!(page.contains("<td class=\"nowrap\">2<br>"), "{page}");
    }

    #[actix_web::test]
    async fn the_page_is_in_the_readers_language_and_the_api_in_english() {
        let kit = Kit::new();
        let hint = Some("Epic refused the request. Look for it in Epic's Interconnect log.".to_owned());
        let refused = Record { resp_code: 400, hint, ..record(NOW, Outcome::Parked) };
        kit.record(&key("10001"), vec![refused]).await;
        let service = service!(kit);
        let search = "organization=lakeside&outcome=parked";
        let spanish = ("accept-language", "es-MX,es;q=0.9,en;q=0.5");
        for request in [
            get(&format!("/records?{search}")).insert_header(spanish),
            get(&format!("/records?{search}&lang=es")),
        ] {
            let page = ask!(service, request).text();
            for said in ["lang=\"es\"", "Epic rechazó la solicitud.", "Compruebe en este orden", ">apartado<"]
            {
                assert!(page.contains(said), "{said} is not in {page}");
            }
            assert!(!page.contains("lang=\"en\">Look"), "{page}");
        }
        let unusable = "organization=lakeside&outcome=lost";
        let page = ask!(service, get(&format!("/records?{unusable}&lang=es")));
        assert!(page.status == 400 && page.text().contains("parked o superseded"), "{}", page.text());
        let path = |search: &str| format!("/api/v1/notifications?{search}");
        let told = ask!(service, get(&path(unusable)).insert_header(spanish));
        assert!(told.text().contains("An outcome is delivered"), "{}", told.text());
        let told = ask!(service, get(&path(search)).insert_header(spanish));
        assert_eq!(
            told.json()["notifications"][0]["hint"],
            "Epic refused the request. Look for it in Epic's Interconnect log."
        );
    }

    // As the board's links lead here, and on to the CSV.
    #[actix_web::test]
    async fn records_of_a_visit_with_an_odd_name_are_found_as_well() {
        let kit = Kit::new();
        let odd = "a/b&<c>";
        let of_it = Record { csn: Some(crate::http::kit::csn(odd)), ..record(NOW, Outcome::Delivered) };
        kit.record(&key(odd), vec![of_it]).await;
        let service = service!(kit);
        let page = ask!(service, get("/records?organization=lakeside&csn=a%2Fb%26%3Cc%3E"));
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("1 record on this page"), "{}", page.text());
        assert!(!page.text().contains("<c>"));
        let text = page.text();
        let csv = text.split("href=\"").find(|part| part.starts_with("/api/v1/notifications")).unwrap();
        let csv = csv.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        assert_eq!(ask!(service, get(&csv)).text().lines().count(), 2, "{csv}");
    }

    #[actix_web::test]
    async fn a_search_shows_records_and_leads_to_older_ones() {
        let kit = Kit::new();
        let records = (0..60).map(|n| record(NOW + Span::seconds(n), Outcome::Delivered)).collect();
        kit.record(&key("10001"), records).await;
        let service = service!(kit);
        let blank = ask!(service, get("/records"));
        assert_eq!(blank.status, 200);
        assert!(blank.text().contains("Lakeside Health"));
        let page = ask!(service, get("/records?organization=lakeside&meeting_id=850+1234+5678&csn="));
        assert_eq!(page.status, 200);
        assert!(page.text().contains("50 records on this page"), "{}", page.text());
        assert!(page.text().contains("2026-11-23 17:00:59 UTC"));
        let text = page.text();
        let older = text.split("href=\"").find(|part| part.contains("cursor=")).unwrap();
        let older = older.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        let page = ask!(service, get(&older));
        assert!(page.text().contains("10 records on this page"), "{}", page.text());
        let none = ask!(service, get("/records?organization=hillside&csn=10001"));
        assert!(none.text().contains("No notification was found"));
    }

    #[actix_web::test]
    async fn a_search_that_cannot_be_made_says_so_on_the_page() {
        let kit = Kit::new();
        let service = service!(kit);
        for (query, told) in [
            ("organization=lakeside&csn=1&meeting_id=85012345678", "not both"),
            ("organization=nowhere&csn=1", "Choose an organization"),
            ("csn=1", "Choose an organization"),
            ("organization=lakeside&meeting_id=12", "9 to 12 digits"),
        ] {
            let page = ask!(service, get(&format!("/records?{query}")));
            assert_eq!(page.status, 400, "{query}");
            assert!(page.text().contains(told), "{query}");
        }
        let all = "meeting_id=12&resp_code=7&epic_code=%3F&from=soon&to=later";
        let page = ask!(service, get(&format!("/records?{all}"))).text();
        for field in ["organization", "meeting_id", "resp_code", "epic_code", "from", "to"] {
            assert!(page.contains(&format!("id=\"{field}-problem\"")), "{field}: {page}");
        }
        let told = ask!(service, get(&format!("/api/v1/notifications?organization=lakeside&{all}"))).text();
        assert!(told.contains("9 to 12 digits") && told.contains("A RespCode is"), "{told}");
        kit.store.faults().fail_always(None, When::Before);
        let page = ask!(service, get("/records?organization=lakeside&csn=1"));
        assert_eq!(page.status, 503);
        assert!(page.text().contains("cannot be read at the moment"));
    }
}
