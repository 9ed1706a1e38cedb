//! What every operators' door does with a request: reads its query, waits for the store within bounds, looks up organizations.

use std::time::Duration;

use actix_web::{HttpRequest, Route, guard, web};
use serde::de::value::Error as NoSuchWord;
use serde::de::{DeserializeOwned, IntoDeserializer};
use vestibule_actors::port::store::StoreError;
use vestibule_domain::id::OrganizationId;
use vestibule_domain::time::Moment;

use super::app::App;
use super::problem::ApiError;
use crate::settings::Organization;

/// People wait no longer than this for the store; then they are told.
const STORE_WITHIN: Duration = Duration::from_secs(3);
/// Rows of one page of an answer, where the caller names no other number.
const ROWS: usize = 100;
/// Rows of one page at most.
pub const MOST_ROWS: usize = 500;

/// A route for reading: GET, and HEAD for those who only look.
pub fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The query of a request.
///
/// # Errors
/// [`ApiError::BadRequest`] with what is wrong; a parameter that the address does not know is wrong too, since ignoring a misspelt one
/// would answer another question.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    web::Query::<T>::from_query(request.query_string()).map(web::Query::into_inner).map_err(|error| {
        ApiError::BadRequest(format!("the query cannot be read ({error}); see /api/v1/openapi.json"))
    })
}

/// What a word of an address stands for, by the names that the type is described with.
///
/// # Errors
/// [`ApiError::NotFound`] for any other word.
pub fn word<T: DeserializeOwned>(word: &str) -> Result<T, ApiError> {
    T::deserialize(word.into_deserializer()).map_err(|_: NoSuchWord| ApiError::NotFound)
}

/// A parameter that is blank was not given.
pub fn given(parameter: Option<&str>) -> Option<&str> {
    parameter.map(str::trim).filter(|text| !text.is_empty())
}

/// How many rows a caller wants.
///
/// # Errors
/// [`ApiError::BadRequest`] when it is no number within the bounds.
pub fn rows(limit: Option<&str>) -> Result<usize, ApiError> {
    let Some(limit) = given(limit) else { return Ok(ROWS) };
    limit.parse().ok().filter(|rows| (1..=MOST_ROWS).contains(rows)).ok_or_else(|| {
        ApiError::BadRequest(format!("`limit` is a number from 1 to {MOST_ROWS}; leave it out for {ROWS}"))
    })
}

/// Waits for a step of the store.
///
/// # Errors
/// [`ApiError::StoreUnavailable`] when it fails or takes too long.
pub async fn stored<T>(step: impl Future<Output = Result<T, StoreError>>) -> Result<T, ApiError> {
    match tokio::time::timeout(STORE_WITHIN, step).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ApiError::StoreUnavailable("no answer in time".to_owned())),
    }
}

/// An organization of the settings.
///
/// # Errors
/// [`ApiError::UnknownOrganization`] when there is none of this id.
pub fn organization<'a>(app: &'a App, id: &str) -> Result<(&'a OrganizationId, &'a Organization), ApiError> {
    app.settings.organization(id.trim()).ok_or(ApiError::UnknownOrganization)
}

/// The time of day.
pub fn now(app: &App) -> Moment {
    app.desk.ports().clock.now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_rows_has_bounds() {
        assert_eq!(rows(None).unwrap(), ROWS);
        assert_eq!(rows(Some(" ")).unwrap(), ROWS);
        assert_eq!(rows(Some("500")).unwrap(), 500);
        for bad in ["0", "501", "-1", "ten", "1e2", "99999999999999999999"] {
            assert!(matches!(rows(Some(bad)), Err(ApiError::BadRequest(_))), "{bad}");
        }
    }
}
