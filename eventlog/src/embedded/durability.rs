//! When an append is answered: once the disk has it, or once the operating system has it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest interval between two syncs, in milliseconds.
pub const INTERVAL_MS_MAX: u64 = 60_000;

/// What an answered append survives. All of them survive the end of the process, however it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Answered once synced: a power cut loses nothing that was answered.
    #[default]
    Always,
    /// Answered once handed to the operating system, synced that often: a power cut loses what was answered since the
    /// last sync.
    Interval(Duration),
    /// Answered once handed to the operating system, synced at close only: a power cut loses what the system had not
    /// written by itself.
    Os,
}

/// A text that names no durability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no durability: use \"always\", \"interval:MS\" with 1 to {INTERVAL_MS_MAX} milliseconds, or \"os\""
)]
pub struct UnknownDurability(String);

impl Durability {
    /// Whether every answer waits for its own sync.
    #[must_use]
    pub const fn syncs_each(self) -> bool {
        matches!(self, Self::Always)
    }

    /// How often what was answered before its sync is synced; none: never, or every answer is.
    #[must_use]
    pub const fn interval(self) -> Option<Duration> {
        match self {
            Self::Interval(interval) => Some(interval),
            Self::Always | Self::Os => None,
        }
    }
}

impl FromStr for Durability {
    type Err = UnknownDurability;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownDurability(text.to_owned());
        match text {
            "always" => Ok(Self::Always),
            "os" => Ok(Self::Os),
            _ => {
                let digits = text.strip_prefix("interval:").filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
                let ms: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(unknown)?;
                let allowed = (1..=INTERVAL_MS_MAX).contains(&ms);
                allowed.then(|| Self::Interval(Duration::from_millis(ms))).ok_or_else(unknown)
            }
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Interval(interval) => write!(f, "interval:{}", interval.as_millis()),
            Self::Os => f.write_str("os"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for text in ["always", "os", "interval:1", "interval:100", "interval:60000"] {
            assert_eq!(text.parse::<Durability>().unwrap().to_string(), text);
        }
        assert_eq!("interval:250".parse(), Ok(Durability::Interval(Duration::from_millis(250))));
        assert_eq!(Durability::default(), Durability::Always);
    }

    #[test]
    fn anything_else_is_told_what_is_allowed() {
        for text in
            ["", "Always", "never", "interval", "interval:", "interval:0", "interval:60001", "interval:+5", "os "]
        {
            let told = text.parse::<Durability>().unwrap_err().to_string();
            let allowed = "use \"always\", \"interval:MS\" with 1 to 60000 milliseconds, or \"os\"";
            assert_eq!(told, format!("\"{text}\" is no durability: {allowed}"));
        }
    }
}
