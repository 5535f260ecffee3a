//! The units of figures, told by their paths.

/// Figures whose values are durations.
const DURATIONS: [&str; 13] = [
    "first_response",
    "next_response",
    "first_resolution",
    "full_resolution",
    "open_time",
    "requester_wait",
    "customer_wait",
    "agent_work",
    "on_hold",
    "on_hold_customer",
    "on_hold_third_party",
    "stay",
    "time_to_follow_up",
];
/// Statistics that are in the unit of the values.
const OF_VALUES: [&str; 9] = ["sum", "mean", "min", "max", "p50", "p75", "p90", "p95", "p99"];
/// Parts of a hundred.
const PERCENTAGES: [&str; 4] = ["percent", "low95", "high95", "good_percent"];

/// The unit of a figure or a statistic of it: `s` (seconds), `%`; none: it is a count or a score.
pub(crate) fn of(path: &str) -> Option<&'static str> {
    let last = path.rsplit('.').next().unwrap_or_default();
    if PERCENTAGES.contains(&last) {
        return Some("%");
    }
    let is_duration = is_duration(path);
    ((is_duration && (OF_VALUES.contains(&last) || last == path)) || last == "left").then_some("s")
}

/// Whether a figure's values are durations.
pub(crate) fn is_duration(path: &str) -> bool {
    DURATIONS.contains(&path.split('.').next().unwrap_or_default())
}

/// The unit as it follows a number.
pub(crate) fn after(path: &str) -> String {
    of(path).map(|unit| format!(" {unit}")).unwrap_or_default()
}

/// What stands above a column of a figure.
pub(crate) fn heading(name: &str, path: &str) -> String {
    of(path).map_or_else(|| name.to_owned(), |unit| format!("{name} ({unit})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_in_seconds_and_shares_in_percent() {
        let units = [
            ("first_response.p90", Some("s")),
            ("first_response.count", None),
            ("stay.0.mean", Some("s")),
            ("stay.0.department", None),
            ("replies_per_closed.mean", None),
            ("csat.percent", Some("%")),
            ("csat.mean_score", None),
            ("ces.good_percent", Some("%")),
            ("first_response.share.low95", Some("%")),
            ("first_response.met", None),
            ("first_response.running_tickets.0.left", Some("s")),
            ("opened", None),
        ];
        units.into_iter().for_each(|(path, unit)| assert_eq!(of(path), unit, "{path}"));
        assert_eq!(heading("p90", "first_response.p90"), "p90 (s)");
        assert_eq!((after("csat.percent"), after("opened")), (" %".to_owned(), String::new()));
    }
}
