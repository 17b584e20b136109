//! The result of everything that can fail here.

use std::error::Error;

/// A value, or an error of any kind, whose text goes to the terminal.
pub(crate) type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;
