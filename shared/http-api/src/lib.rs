//! The API's conventions: who calls, how errors and pages look, and how an invitation is shown.

pub mod api;
pub mod body;
pub mod caller;
pub mod code;
pub mod command;
#[cfg(feature = "openapi")]
pub mod contract;
pub mod cursor;
pub mod function;
pub mod json;
pub mod list;
pub mod options;
pub mod people;
pub mod period;
pub mod problem;
pub mod query;
pub mod response;
pub mod route;
pub mod sending;
pub mod view;

#[cfg(test)]
mod tests {
    mod parsers;
}
