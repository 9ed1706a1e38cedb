//! Notification records as CSV, read from the store page by page while they are sent.

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use vestibule_actors::port::store::{Page, Record, RecordPlace, RecordQuery, SharedStore};

use crate::http::ask::stored;
use crate::http::names::spelt;
use crate::http::problem::ApiError;
use crate::http::times::DisplayTimes;
use crate::http::view::RecordView;
use crate::web::harmless_cell;

/// An export of more rows is cut off, which a program sees, and so does a browser: a part is never taken for the whole. Times narrow it.
const MOST_ROWS: usize = 1_000_000;

const COLUMNS: [&str; 18] = [
    "at",
    "organization",
    "meeting_id",
    "csn",
    "role",
    "event",
    "occurred_at",
    "attempt",
    "resp_code",
    "epic_code",
    "outcome",
    "latency_ms",
    "hint",
    "at_local",
    "id",
    "resend",
    "attempts",
    "occurred_at_local",
];

/// Where an export stands.
struct Export {
    store: SharedStore,
    query: RecordQuery,
    times: DisplayTimes,
    ready: Option<Page<Record, RecordPlace>>,
    rows: usize,
}

/// The rows of an export in pieces, the first of which is read when this returns.
///
/// # Errors
/// [`ApiError`] when the first page cannot be read. A later failure ends the stream with an error, which cuts the connection, so that
/// a part is never taken for the whole.
pub async fn csv_rows(
    store: SharedStore,
    query: RecordQuery,
    times: DisplayTimes,
) -> Result<impl Stream<Item = Result<Bytes, ApiError>> + use<>, ApiError> {
    let first = stored(store.records(query.clone())).await?;
    let head = written(|csv| csv.write_record(COLUMNS))?;
    let export = Export { store, query, times, ready: Some(first), rows: 0 };
    let pages = stream::try_unfold(export, |export| export.next());
    Ok(stream::StreamExt::chain(stream::iter([Ok(head)]), pages))
}

impl Export {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        let Some(page) = self.ready.take() else { return Ok(None) };
        let piece =
            written(|csv| page.items.iter().try_for_each(|record| csv.write_record(self.row(record))))?;
        self.rows += page.items.len();
        if let Some(next) = page.next {
            if self.rows >= MOST_ROWS {
                tracing::warn!(rows = self.rows, "an export was cut off at its bound");
                return Err(ApiError::Internal("an export has more rows than are sent at once"));
            }
            self.query.before = Some(next);
            self.ready = Some(stored(self.store.records(self.query.clone())).await?);
        }
        Ok(Some((piece, self)))
    }

    fn row(&self, record: &Record) -> [String; COLUMNS.len()] {
        let view = RecordView::from(record);
        [
            view.at.0.to_string(),
            view.organization,
            view.meeting_id.unwrap_or_default(),
            view.csn.unwrap_or_default(),
            spelt(view.role),
            spelt(view.event),
            view.occurred_at.0.to_string(),
            view.attempt.to_string(),
            view.resp_code.to_string(),
            view.epic_code.unwrap_or_default(),
            spelt(view.outcome),
            view.latency_ms.to_string(),
            view.hint.unwrap_or_default(),
            self.times.local(view.at),
            view.id,
            view.resend.to_string(),
            view.attempts.map(|attempts| attempts.to_string()).unwrap_or_default(),
            self.times.local(view.occurred_at),
        ]
        .map(harmless_cell)
    }
}

fn written(write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> Result<Bytes, ApiError> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    write(&mut csv).map_err(|_| ApiError::Internal("a row of CSV cannot be written"))?;
    let bytes = csv.into_inner().map_err(|_| ApiError::Internal("CSV cannot be written"))?;
    Ok(bytes.into())
}
