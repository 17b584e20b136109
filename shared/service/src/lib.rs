//! What the service does, one use case a module: facts in, typed results out.
//!
//! Every way in (HTTP, the table's stream, the mail service's reports) calls these and adds nothing of its own to a
//! rule. Nothing here knows a request, a response or a problem of HTTP.

pub mod command;
pub mod counting;
mod decision;
pub mod delivery;
pub mod directory;
mod error;
pub mod expiry;
pub mod feedback;
mod inviter;
mod labels;
pub mod link;
pub mod lists;
pub mod options;
pub mod people;
pub mod send;
pub mod stats;

pub use error::ServiceError;
