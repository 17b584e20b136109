//! Facts that cost a read, so that not every decision has them.

/// Something that a decision may need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fact<T> {
    /// Not read yet.
    #[default]
    Unread,
    /// Read, and this.
    Known(T),
}

impl<T> Fact<T> {
    /// What `read` makes of it, if it was read.
    pub fn map<U>(self, read: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Unread => Fact::Unread,
            Self::Known(fact) => Fact::Known(read(fact)),
        }
    }
}

impl Fact<bool> {
    /// Whether both are so: one that is not decides it, whether or not the other was read.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(false), _) | (_, Self::Known(false)) => Self::Known(false),
            (Self::Known(true), other) | (other, Self::Known(true)) => other,
            (Self::Unread, Self::Unread) => Self::Unread,
        }
    }
}
