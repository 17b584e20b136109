//! What the service does, free of HTTP: facts in, typed outcomes out.

pub mod command;
mod error;

pub use error::ServiceError;
