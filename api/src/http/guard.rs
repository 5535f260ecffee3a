//! Who may ask, as long as there are no keys: programs on this machine, and no page that a browser has open.
//!
//! Listening on loopback alone does not keep other people's pages out: a browser sends their requests here too. It
//! says so in `Origin`, and in `Host` the name under which it believes to know this server.

use super::problem::{Problem, Slug};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::{IpAddr, SocketAddr};

/// Lets pass what is addressed to this machine, from no page of another origin.
pub(super) async fn only_from_here(request: Request, next: Next) -> Response {
    match stranger(request.headers()) {
        Some(why) => Problem::new(Slug::Forbidden, why).into_response(),
        None => next.run(request).await,
    }
}

fn stranger(headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text(header::HOST).is_some_and(|host| !is_here(host)) {
        return Some("the Host of the request is not this machine; without access control only this machine is served");
    }
    let host = text(header::HOST).unwrap_or_default();
    let is_other = |origin: &str| origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host));
    if text(header::ORIGIN).is_some_and(is_other) {
        return Some("the request comes from a page of another origin; without access control that is refused");
    }
    None
}

/// Whether a host, with or without a port, is this machine.
fn is_here(host: &str) -> bool {
    let address = host.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let address = address.or_else(|| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    address.map_or_else(|| name.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_several_names() {
        for host in ["localhost", "LOCALHOST:7070", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:1", "[::1]:7070", "[::1]"] {
            assert!(is_here(host), "{host}");
        }
        for host in ["", "example.org", "localhost.example.org:7070", "10.0.0.1:7070", "[2001:db8::1]:7070", "0.0.0.0"]
        {
            assert!(!is_here(host), "{host}");
        }
    }
}
