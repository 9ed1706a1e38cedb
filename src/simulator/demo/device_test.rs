//! A vendor's device test, as the demo's organization is set up with one: a page whose buttons say what comes out, and send people back.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::people::World;
use super::super::zoom::document;

/// What the buttons say, and what they put behind the return address.
const BUTTONS: [(&str, &str); 4] = [
    ("All works", "?result=passed"),
    ("Something does not work", "?result=failed"),
    ("Come back with a result that nobody knows", "?result=camera-7%20%3Cb%3E"),
    ("Come back without a result", ""),
];

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/demo/device-test").route(web::get().to(page)));
}

/// A return address of the service alone: nobody is sent anywhere else.
async fn page(request: HttpRequest, world: web::Data<World>) -> HttpResponse {
    let pairs = url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned();
    let mut asked: std::collections::BTreeMap<String, String> = pairs.collect();
    let back = asked.remove("return_url").unwrap_or_default();
    let ours = back.strip_prefix(&format!("{}/device-test/", world.service_url));
    let plain = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !ours.is_some_and(plain) {
        return HttpResponse::BadRequest().content_type("text/plain").body("return_url is not the service's");
    }
    let language = if asked.get("language").is_some_and(|code| code == "es") { "es" } else { "en" };
    let links: String = BUTTONS
        .iter()
        .map(|(label, query)| format!("<p><a class=\"button\" href=\"{back}{query}\">{label}</a></p>\n"))
        .collect();
    document(
        include_str!("../static/device_test.html").replace("{language}", language).replace("{links}", &links),
    )
}
