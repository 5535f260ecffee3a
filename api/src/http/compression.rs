//! Which answers are compressed, and how: gzip and zstd, for clients that take them.

use super::accept::weight;
use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate as _, SizeAbove};

/// Smaller bodies, in bytes, are sent as they are.
const SIZE_MIN: u64 = 1024;
/// What is compressed into, best first.
const CODINGS: [&str; 2] = ["zstd", "gzip"];

/// Whether an answer is worth compressing.
type IsWorth = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// The layer that compresses.
pub(super) fn compression() -> CompressionLayer<And<SizeAbove, IsWorth>> {
    let is_worth: IsWorth = is_worth;
    // Figures repeat themselves: the fastest way already leaves a tenth of them.
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(SIZE_MIN).and(is_worth))
}

/// Not streams, which must not be held back; not what is compressed already; and not what a strong tag names byte by
/// byte.
fn is_worth(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let says = |name, words: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains(words))
    };
    let has_strong_tag = headers.contains_key(header::ETAG) && !says(header::ETAG, "W/");
    !(has_strong_tag || says(header::CACHE_CONTROL, "no-transform") || says(header::CONTENT_TYPE, "octet-stream"))
}

/// Decides for one coding before a request is answered. The layer would refuse a request whose client takes none, after
/// it was carried out; here that client is sent what there is.
pub(super) async fn one_coding(mut request: Request, next: Next) -> Response {
    let coding = coding(request.headers());
    let headers = request.headers_mut();
    headers.remove(header::ACCEPT_ENCODING);
    if let Some(coding) = coding {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(coding));
    }
    next.run(request).await
}

/// The coding that a client wants most, as `Accept-Encoding` says (RFC 9110, 12.5.3); none: the body as it is.
fn coding(headers: &HeaderMap) -> Option<&'static str> {
    let given = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let wanted: Vec<(&str, u16)> = given.flat_map(|value| value.split(',')).filter_map(weight).collect();
    let weight = |coding: &str| {
        let named = |name: &str| wanted.iter().find(|(wanted, _)| wanted.eq_ignore_ascii_case(name));
        named(coding).or_else(|| named("*")).map(|(_, weight)| *weight)
    };
    // Named, the body as it is competes; not named, it is only better than nothing.
    let as_it_is = wanted.iter().find(|(wanted, _)| wanted.eq_ignore_ascii_case("identity")).map_or(0, |(_, w)| *w);
    let best = CODINGS.into_iter().rev().max_by_key(|coding| weight(coding))?;
    weight(best).filter(|weight| *weight > 0 && as_it_is <= *weight).map(|_| best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_decide_and_the_better_coding_where_they_do_not() {
        for (accepted, wanted) in [
            ("gzip", Some("gzip")),
            ("zstd", Some("zstd")),
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("GZIP;q=1.0, zstd;q=0.5", Some("gzip")),
            ("zstd;q=0, gzip;q=0.1", Some("gzip")),
            ("*", Some("zstd")),
            ("zstd;q=0, *", Some("gzip")),
            ("gzip;q=0, zstd;q=0", None),
            ("*;q=0", None),
            ("identity;q=0", None),
            ("identity;q=0, gzip", Some("gzip")),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip", Some("gzip")),
            ("gzip, identity", Some("gzip")),
            ("br", None),
            ("", None),
            ("gzip;q=2", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(accepted).unwrap());
            assert_eq!(coding(&headers), wanted, "{accepted}");
        }
        assert_eq!(coding(&HeaderMap::new()), None);
    }

    #[test]
    fn streams_and_what_a_strong_tag_names_go_as_they_are() {
        for (name, value, worth) in [
            (header::ETAG, "W/\"a\"", true),
            (header::ETAG, "\"7\"", false),
            (header::CACHE_CONTROL, "no-cache, no-transform", false),
            (header::CACHE_CONTROL, "no-cache", true),
            (header::CONTENT_TYPE, "application/octet-stream", false),
            (header::CONTENT_TYPE, "application/json", true),
        ] {
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
            assert_eq!(is_worth(StatusCode::OK, Version::HTTP_11, &headers, &Extensions::new()), worth, "{value}");
        }
    }
}
