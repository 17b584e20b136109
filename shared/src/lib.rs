//! The domain of the invitation service and what its functions share.
//!
//! - [`domain`] is the functional core: the rules as pure functions. No AWS type, clock, randomness or HTTP.
//! - [`store`] keeps the domain in one DynamoDB table: keys, records, reads, and the one executor of transitions.
//! - [`operation`] takes one command on one invitation from the read to the write.
//! - [`mail`] renders every mail from compile-checked templates.
//! - [`http`] is the API's conventions: the caller, problems, cursors and how an invitation is shown.
//! - [`runtime`] is what `main` needs: telemetry, configuration and clients.

pub mod domain;
pub mod http;
pub mod mail;
pub mod operation;
pub mod runtime;
pub mod store;

#[cfg(test)]
mod parsers;
