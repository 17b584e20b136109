//! Every function behind the HTTP API: the one list of them, from which the tests' dispatch and the contract follow.

#[cfg(feature = "openapi")]
use http_api::contract::Operation;
use http_api::function::Function;
#[cfg(feature = "openapi")]
use http_api::route::Route;

macro_rules! functions {
    ($($function:ident)+) => {
        /// Every function, with its routes.
        pub const FUNCTIONS: &[Function] = &[$($function::FUNCTION),+];

        /// Every route, with what the contract says of it.
        #[cfg(feature = "openapi")]
        pub fn operations() -> Vec<(Route, Operation)> {
            [$($function::operations()),+].concat()
        }
    };
}

functions! { send options people list_mine list_sent status respond cancel moderate directory }

/// Returns the function with that name.
///
/// # Panics
/// If it is not listed here.
#[allow(clippy::panic, reason = "it is called by tests alone")]
pub fn function(name: &str) -> &'static Function {
    FUNCTIONS.iter().find(|function| function.name == name).unwrap_or_else(|| panic!("tests/functions lacks {name}"))
}
