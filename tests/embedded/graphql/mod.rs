//! The same over GraphQL: who may do what is tested by the matrix, for both doors; here is what only this door has.

mod bulk;
pub(crate) mod calls;
mod failures;
mod fields;
mod hostile;
mod lists;
mod page;
mod schema;
mod seed;
