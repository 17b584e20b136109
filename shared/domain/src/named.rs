//! Enums whose values have a name outside of the program: in the table, the API, tags and logs.

/// Defines an enum with the name of each value beside it, and makes everything that lists values or names follow.
///
/// A value without a name, or one that a list forgets, does not compile. (A name is a `tt`, because utoipa overlooks a
/// `literal` in an attribute.)
macro_rules! named {
    (
        $(#[$attribute:meta])*
        pub enum $type:ident {
            $($(#[$about:meta])* $value:ident = $name:tt,)+
        }
    ) => {
        $(#[$attribute])*
        pub enum $type {
            $($(#[$about])* #[serde(rename = $name)] $value,)+
        }

        impl $type {
            /// Every value, in the order of definition.
            pub const ALL: [Self; [$(Self::$value),+].len()] = [$(Self::$value),+];

            /// Returns the name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }

            /// Returns the value of that name.
            pub fn of_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.as_str() == name)
            }
        }
    };
}

pub(crate) use named;
