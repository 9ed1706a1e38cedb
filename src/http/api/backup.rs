//! A copy of the embedded store, for whoever may see everything that is in it.

use std::fs::File;
use std::io::Read as _;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;

use crate::backup::{NoCopy, name_of};
use crate::http::access::Who;
use crate::http::app::App;
use crate::http::audited::{self, BACKUP_TAKEN};
use crate::http::problem::{ApiError, Problem};
use crate::settings::StaffRole;
use crate::store::{Copied, CopyError};

/// So much of the file is read and sent at once.
const PIECE: usize = 256 * 1024;

/// Makes a copy of the store and gives it out. Commits go on meanwhile.
///
/// # Errors
/// [`ApiError`] without the role, for a store that is no file, while another copy is made, and where the disk does not let us.
#[utoipa::path(post, path = "/api/v1/backup", tag = "api", responses(
    (status = 200, description = "The file of a store, with everything that was answered before", content_type = "application/octet-stream"),
    (status = 400, description = "The store is no embedded one", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Not an administrator of all organizations", body = Problem, content_type = "application/problem+json"),
    (status = 500, description = "No copy could be made; the log says why", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Another copy is being made, or the store does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub async fn take(app: web::Data<App>, who: Who, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    who.everywhere(StaffRole::Administrator)?;
    audited::begin(&app, &request, &who, BACKUP_TAKEN, None).await?;
    let made = app.backups.for_asker().await;
    let (file, Copied { at, rows, bytes }) = made.map_err(|why| match why {
        NoCopy::NoFile => ApiError::BadRequest(why.to_string()),
        NoCopy::UnderWay => ApiError::Overloaded("backups"),
        NoCopy::Failed(CopyError::Store(error)) => ApiError::StoreUnavailable(error.to_string()),
        NoCopy::Failed(CopyError::File(error)) => ApiError::CopyFailed(error.to_string()),
        NoCopy::BrokenOff => ApiError::Draining,
    })?;
    tracing::info!(rows, bytes, "the store was copied for somebody who asked");
    let name = format!("attachment; filename=\"{}\"", name_of(at));
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .no_chunking(bytes)
        .streaming(stream::try_unfold(file, piece)))
}

async fn piece(mut file: File) -> Result<Option<(Bytes, File)>, ApiError> {
    let read = web::block(move || {
        let mut piece = Vec::with_capacity(PIECE);
        let wanted = u64::try_from(PIECE).unwrap_or(u64::MAX);
        file.by_ref().take(wanted).read_to_end(&mut piece)?;
        Ok::<_, std::io::Error>((piece, file))
    });
    let (piece, file) = read
        .await
        .map_err(|_| ApiError::Draining)?
        .map_err(|error| ApiError::CopyFailed(error.to_string()))?;
    Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
}
