//! What the tests share: typed views of the API's responses, one reader of `template.yaml`, the embedded world (feature
//! `embedded`) and the deployed stack (feature `stack`).
//!
//! No deployed crate depends on it. Its functions panic where a test cannot go on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on panics"
)]

pub mod api;
#[cfg(any(feature = "embedded", feature = "stack"))]
pub mod canary;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod files;
pub mod platform;
mod response;
mod ses_event;
#[cfg(feature = "stack")]
pub mod stack;
pub mod template;
#[cfg(feature = "stack")]
mod wait;

#[cfg(feature = "stack")]
pub use self::wait::eventually;
pub use self::{response::Response, ses_event::SesEvent};
