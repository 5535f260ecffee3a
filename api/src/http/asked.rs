//! What a request says besides its body: parameters, conditions, and how long it is willing to wait.

use super::problem::{Problem, Slug, Wrong, pointer_to_parameter};
use axum::http::{HeaderMap, HeaderValue, header};
use daftar_domain::Invalid;
use daftar_eventlog::Position;
use std::collections::HashSet;
use std::time::Duration;

/// The header of a command's key.
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The most bytes a key may have.
const KEY_BYTES_MAX: usize = 255;
/// How long a query waits for a position when it does not say.
const WAIT_DEFAULT: Duration = Duration::from_secs(2);
/// The longest a query may wait.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The parameters of an address, each once.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the part after the question mark of a query, which may always wait; `known` says which other names there
    /// are.
    pub(super) fn of_query(query: Option<&str>, known: impl Fn(&str) -> bool) -> Result<Self, Problem> {
        Self::read(query, |name| known(name) || WAITING.contains(&name))
    }

    /// Reads the part after the question mark; `known` says which names there are.
    pub(super) fn read(query: Option<&str>, known: impl Fn(&str) -> bool) -> Result<Self, Problem> {
        let given: Vec<(String, String)> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        let mut seen = HashSet::new();
        let mut wrong = Vec::new();
        for (name, _) in &given {
            if !known(name) {
                wrong.push(Invalid::new(name, "given", "is not a parameter of this address"));
            } else if !seen.insert(name) {
                wrong.push(Invalid::new(name, "given twice", "must be given only once"));
            }
        }
        if wrong.is_empty() { Ok(Self(given)) } else { Err(malformed(&wrong)) }
    }

    /// Takes a parameter out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(index).1)
    }

    /// Takes out how far the read model must have come, and how long the request waits.
    pub(super) fn waiting(&mut self) -> Result<Waiting, Problem> {
        let timeout = self.take("timeout").map(|text| timeout(&text)).transpose()?.unwrap_or(WAIT_DEFAULT);
        let position = self.take("min_position").map(|text| whole("min_position", &text)).transpose()?;
        Ok(Waiting { position: position.map(Position), timeout })
    }

    /// Those not taken.
    pub(super) fn left(self) -> Vec<(String, String)> {
        self.0
    }
}

const WAITING: [&str; 2] = ["min_position", "timeout"];

/// Until which position a query waits, if it says, and how long it waits for whatever it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) position: Option<Position>,
    pub(super) timeout: Duration,
}

impl Default for Waiting {
    /// For no position, and as long as requests wait that say nothing of it.
    fn default() -> Self {
        Self { position: None, timeout: WAIT_DEFAULT }
    }
}

fn malformed(wrong: &[Invalid]) -> Problem {
    let errors: Vec<_> =
        wrong.iter().map(|w| Wrong { pointer: pointer_to_parameter(&w.field), detail: w.rule.clone() }).collect();
    let detail = wrong.iter().map(|w| format!("{} {}", w.field, w.rule)).collect::<Vec<_>>().join("; ");
    Problem::with_errors(Slug::Malformed, detail, errors)
}

/// A whole number written in digits alone.
pub(super) fn whole<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| {
        Problem::invalid_parameters(&[Invalid::new(name, text, "must be a whole number from 0, and not too large")])
    })
}

/// A parameter that is `true` or `false`, and false when left out.
pub(super) fn truth(name: &str, text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(Problem::invalid_parameters(&[Invalid::new(name, other, "must be true or false")])),
    }
}

/// A time to wait: `500ms`, `5s`, or seconds alone.
fn timeout(text: &str) -> Result<Duration, Problem> {
    let rule = format!("must be a time like 500ms or 5s, at most {}s", WAIT_MAX.as_secs());
    let number = |digits: &str| digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    let asked = match text.strip_suffix("ms") {
        Some(digits) => number(digits).map(Duration::from_millis),
        None => number(text.strip_suffix('s').unwrap_or(text)).map(Duration::from_secs),
    };
    asked
        .filter(|time| *time <= WAIT_MAX)
        .ok_or_else(|| Problem::invalid_parameters(&[Invalid::new("timeout", text, rule)]))
}

/// The version a command or a publication asks for with `If-Match`; none: any.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let mut given = headers.get_all(header::IF_MATCH).iter();
    let text = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(only), None) => only.to_str().unwrap_or_default().trim(),
        (Some(_), Some(_)) => "",
    };
    if text == "*" {
        return Ok(None);
    }
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let version = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    let why = "must be one version in quotes, like \"7\", as its ETag gives it";
    version.map(Some).ok_or_else(|| Problem::of_field(Slug::Malformed, "If-Match", why))
}

/// Whether the client has what `tag` stands for, as its `If-None-Match` says; weak and strong tags are not told apart.
pub(super) fn has_already(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let own = opaque(tag.to_str().unwrap_or_default());
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|given| given.trim() == "*" || opaque(given) == own)
}

/// The key by which a retry of a command is known.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = given.next() else { return Ok(None) };
    let bytes = key.as_bytes();
    if given.next().is_some() || bytes.is_empty() || bytes.len() > KEY_BYTES_MAX {
        let why = format!("must be given once, with 1 to {KEY_BYTES_MAX} bytes");
        return Err(Problem::of_field(Slug::Malformed, "Idempotency-Key", why));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn header(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn versions_are_read_as_their_etag_writes_them() {
        for (text, version) in [("\"7\"", Some(7)), ("7", Some(7)), ("*", None), ("\"0\"", Some(0))] {
            assert_eq!(if_match(&header("if-match", text)).unwrap(), version, "{text}");
        }
        for text in ["W/\"7\"", "\"x\"", "\"7\", \"8\"", "+7", "\"4294967296\""] {
            assert!(if_match(&header("if-match", text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_has_1_to_255_bytes() {
        assert_eq!(idempotency_key(&header(IDEMPOTENCY_KEY, "k-1")).unwrap(), Some(&b"k-1"[..]));
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
        assert!(idempotency_key(&header(IDEMPOTENCY_KEY, &"k".repeat(256))).is_err());
        assert!(idempotency_key(&header(IDEMPOTENCY_KEY, "")).is_err());
    }

    #[test]
    fn times_to_wait_have_a_unit_or_are_seconds() {
        for (text, millis) in [("500ms", 500), ("5s", 5000), ("3", 3000), ("0ms", 0)] {
            assert_eq!(timeout(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in ["", "s", "61s", "-1s", "1.5s", "1m"] {
            assert!(timeout(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parameters_are_known_and_given_once() {
        let known = |name: &str| name == "after";
        let mut read = Parameters::of_query(Some("after=7&min_position=9&timeout=1s"), known).unwrap();
        let waiting = read.waiting().unwrap();
        assert_eq!((waiting.position, waiting.timeout), (Some(Position(9)), Duration::from_secs(1)));
        assert_eq!((read.take("after"), read.left()), (Some("7".to_owned()), vec![]));
        for query in ["before=1", "after=1&after=1", "min_position=9"] {
            assert!(Parameters::read(Some(query), known).is_err(), "{query}: what is no query does not wait");
        }
    }
}
