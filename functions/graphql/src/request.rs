//! What comes in a body.

use async_graphql::Variables;
use serde::{Deserialize, de::IgnoredAny};

/// The body of a request.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = GraphqlRequest))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Posted {
    /// The document.
    pub(crate) query: String,
    /// Which operation of the document is meant, if it has several.
    pub(crate) operation_name: Option<String>,
    /// The values of the operation's variables.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub(crate) variables: Variables,
    /// What clients add for other servers; it is passed over.
    #[serde(rename = "extensions")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    _extensions: Option<IgnoredAny>,
}
