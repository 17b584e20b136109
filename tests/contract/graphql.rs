//! `schema.graphql` is what the function offers.

use std::{env, fs};

use testkit::files;

const FILE: &str = "schema.graphql";
const HEAD: &str = "# Made from the code: `UPDATE_OPENAPI=1 cargo test -p contract` writes it anew.\n\n";

#[test]
fn the_checked_in_schema_is_the_one_that_the_code_makes() {
    let made = format!("{HEAD}{}\n", graphql::sdl().trim());
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(files::full(FILE), &made).unwrap();
    }
    let kept = fs::read_to_string(files::full(FILE)).unwrap_or_default();
    assert!(
        made == kept,
        "schema.graphql is not what the code does. If the change is meant, write it anew with `UPDATE_OPENAPI=1 cargo test \
         -p contract`."
    );
}
