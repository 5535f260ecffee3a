//! What a client would rather have, as `Accept` says (RFC 9110, 12.5.1), and what weights mean.

use axum::http::{HeaderMap, header};

/// How exactly a range names a type; the most exact one decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exactness {
    Anything,
    Kind,
    Whole,
}

/// Which of the media types on offer the client wants most, the first where it does not care; also where it takes none
/// of them, because something is better than nothing.
pub(super) fn preferred(headers: &HeaderMap, offered: &[&str]) -> usize {
    let given: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if given.is_empty() {
        return 0;
    }
    let ranges: Vec<_> = given.iter().flat_map(|value| value.split(',')).filter_map(range).collect();
    let weight = |offer: &str| {
        let matching = ranges.iter().filter_map(|(range, weight)| Some((exactness(range, offer)?, *weight)));
        matching.max().map_or(0, |(_, weight)| weight)
    };
    let weights: Vec<u16> = offered.iter().map(|offer| weight(offer)).collect();
    let most = weights.iter().copied().max().unwrap_or(0);
    weights.iter().position(|weight| *weight == most).unwrap_or(0)
}

/// A range and its weight; none: it is not one.
fn range(text: &str) -> Option<(&str, u16)> {
    weight(text).filter(|(range, _)| range.contains('/'))
}

/// One of a list of things wanted, and its weight in thousandths; none: the weight is none.
pub(super) fn weight(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let wanted = parts.next()?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((wanted, weight.map_or(Some(1000), thousandths)?))
}

/// A weight: 0 to 1, with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let weight = format!("{whole}{decimals:0<3}").parse::<u16>().ok()?;
    (digits && matches!(whole, "0" | "1") && weight <= 1000).then_some(weight)
}

fn exactness(range: &str, offer: &str) -> Option<Exactness> {
    if range == "*/*" {
        return Some(Exactness::Anything);
    }
    if range.eq_ignore_ascii_case(offer) {
        return Some(Exactness::Whole);
    }
    let (kind, all) = range.split_once('/')?;
    let (offered, _) = offer.split_once('/')?;
    (all == "*" && kind.eq_ignore_ascii_case(offered)).then_some(Exactness::Kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn weights_and_ranges_decide_and_the_first_offer_where_they_do_not() {
        for (accept, wanted) in [
            ("text/csv", 1),
            ("text/*", 1),
            ("TEXT/CSV; charset=utf-8", 1),
            ("application/json;q=0.5, text/csv", 1),
            ("text/csv;q=0.5, application/json", 0),
            ("text/csv;q=0.5, */*", 0),
            ("text/csv, */*;q=0.1", 1),
            ("application/json;q=0, */*", 1),
            ("text/csv;q=0, */*", 0),
            ("text/*;q=0, text/csv, */*;q=0.9", 1),
            ("*/*", 0),
            ("", 0),
            ("image/png", 0),
            ("text/csv;q=0", 0),
            ("text/csv;q=1.5, application/json;q=0.1", 0),
            ("text/csv;q=0.8 , application/json;q=0.801", 0),
            ("text/csvx, csv", 0),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(preferred(&headers, &["application/json", "text/csv"]), wanted, "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new(), &["application/json", "text/csv"]), 0);
    }
}
