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
