//! An organization's settings as a file: handed out without its secrets, and taken in as a draft.

use std::collections::BTreeMap;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use super::form::as_value;
use super::place::Place;
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::problem::{ApiError, Problem};
use crate::settings::{Kind, StaffRole, Values, effective_of, organization_settings, values_of_toml};

/// The settings of one organization as a file that `--config` takes, and the page of another service.
///
/// # Errors
/// [`ApiError`] for an organization that is none of theirs, or not kept here, and when the store does not answer.
#[utoipa::path(get, path = "/admin/{organization}/export", tag = "operations", params(
    ("organization" = String, Path, description = "Its id"),
), responses(
    (status = 200, description = "TOML; in place of each secret a comment that names it", content_type = "application/toml"),
    (status = 303, description = "Not signed in; leads to /sign-in"),
    (status = 404, description = "No such organization", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn export(
    app: web::Data<App>,
    who: Who,
    organization: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let place = Place::find(&app, &who, &organization, StaffRole::Administrator).await?;
    let (values, secrets) = if place.of_files { of_files(&place) } else { place.kept() };
    let text = toml_of(&place, &values, secrets.keys());
    let name = format!("attachment; filename=\"{}.toml\"", place.id);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/toml"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(text))
}

/// What the files say of an organization, defaults aside.
fn of_files(place: &Place<'_>) -> (Values, BTreeMap<String, String>) {
    let mut said = effective_of(&place.configuration().files, &place.id);
    let (mut values, mut secrets) = (Values::new(), BTreeMap::new());
    for setting in organization_settings() {
        let Some((text, _)) = said.remove(&setting.key).filter(|(text, _)| !text.is_empty()) else {
            continue;
        };
        if setting.is_secret() {
            secrets.insert(setting.key.clone(), String::new());
        } else if setting.default.as_ref() != Some(&text) {
            values.insert(setting.key.clone(), as_value(setting, &text));
        }
    }
    (values, secrets)
}

fn toml_of<'a>(place: &Place<'_>, values: &Values, secrets: impl Iterator<Item = &'a String>) -> String {
    let mut text = format!("[organization.{}]\n", place.id);
    for setting in organization_settings() {
        let Some(value) = values.get(&setting.key) else { continue };
        let value = match setting.kind {
            Kind::Boolean | Kind::Number(_) => value.clone(),
            Kind::List => {
                let list: Vec<String> = serde_json::from_str(value).unwrap_or_default();
                toml::Value::from(list).to_string()
            }
            _ => toml::Value::from(value.as_str()).to_string(),
        };
        text.push_str(&format!("{} = {value}\n", setting.key));
    }
    for key in secrets {
        text.push_str(&format!("# {key} = \"...\"   a secret, which is not handed out\n"));
    }
    text
}

/// The settings that a file brings for an organization: of its table, or of the only one that stands there, under whatever id.
///
/// # Errors
/// [`ApiError::BadRequest`] with what is wrong.
pub(super) fn imported(place: &Place<'_>, text: &str) -> Result<Values, ApiError> {
    let bad = |what: String| ApiError::BadRequest(format!("`file`: {what}"));
    let read = values_of_toml(text, &place.id).map_err(bad)?;
    let mut values = Values::new();
    for (key, text) in read {
        let Some(setting) = organization_settings().iter().find(|setting| setting.key == key) else {
            return Err(bad(format!("{key} is no setting that can be changed here")));
        };
        values.insert(key, as_value(setting, &text));
    }
    Ok(values)
}
