//! P.
/// P.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("p")]
pub struct Rejection;
