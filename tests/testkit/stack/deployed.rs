//! The stack under test, and the calls of its API.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::http::call;
use crate::{Response, files};

/// The stack under test, as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// Where the API is.
    pub api_url: String,
    /// Where the page is that calls the API from a browser.
    pub demo_url: String,
    /// Where the account's services are.
    pub endpoint_url: String,
    /// The region of the account.
    pub region: String,
    /// The name of the table.
    pub table_name: String,
    pub(super) user_pool_id: String,
    pub(super) client_id: String,
    pub(super) people: Vec<DemoPerson>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DemoPerson {
    pub(super) role: String,
    pub(super) token: String,
}

/// Returns the stack under test.
pub fn stack() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK.get_or_init(|| {
        let Some(file) = std::env::var_os("INVITATIONS_STACK") else {
            panic!("These tests need a deployed stack: run `make test`.");
        };
        // Cargo starts tests in the folder of their crate; a relative path is meant from the workspace.
        let file = std::path::Path::new(&files::full("")).join(file);
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    })
}

impl Stack {
    /// Calls the API, and asserts what holds for each of its responses.
    #[track_caller]
    pub fn api(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Response {
        let body = body.map(Value::to_string);
        let response = call(method, &format!("{}{path}", self.api_url), headers, body.as_deref());
        response.assert_form();
        response
    }
}
