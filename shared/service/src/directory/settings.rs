//! The network's settings.

use domain::{Timestamp, settings::Settings};
use store::Store;

use crate::ServiceError;

/// Reads the settings; the defaults until some are written.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails.
pub async fn get(store: &Store, now: Timestamp) -> Result<Settings, ServiceError> {
    Ok(store.settings(now).await?)
}

/// Replaces the settings, and returns them.
///
/// # Errors
/// [`ServiceError::Store`] if the table fails.
pub async fn put(store: &Store, settings: Settings) -> Result<Settings, ServiceError> {
    store.put_settings(&settings).await?;
    Ok(settings)
}
