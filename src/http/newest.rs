//! Each request works from beginning to end with the settings that were in force when it came.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::app::App;
use crate::latest::Latest;

/// The middleware: puts the newest [`App`] before the one with which the worker began. Wrap the whole application in it, outside of all others.
///
/// # Errors
/// None of its own.
pub async fn newest<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if let Some(latest) = request.app_data::<web::Data<Latest<App>>>() {
        let mut data = Extensions::new();
        data.insert(web::Data::<App>::from(Arc::clone(&latest.get())));
        request.add_data_container(Rc::new(data));
    }
    next.call(request).await
}
