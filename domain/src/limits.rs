//! P.
/// P.
#[derive(Debug, Clone, Default)]
pub struct Limits;
