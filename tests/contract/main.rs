//! What is promised in writing is compared with the code: `openapi.yaml` and `schema.graphql`, which are made from it,
//! and the pages in `docs/`. After a change of the contract, `UPDATE_OPENAPI=1 cargo test -p contract` writes the files
//! anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this crate is nothing but tests")]

mod deployment;
mod document;
mod examples;
mod glossary;
mod graphql;
mod imports;
mod languages;
mod layers;
mod pages;
mod routes;
