//! Which numbers of a figure tell most of it, for comparisons and charts.

use daftar_projections::report::Row;
use daftar_projections::report::figure::Figure;

/// What is told of a distribution.
const OF_DISTRIBUTION: [&str; 3] = ["mean", "p50", "p90"];
/// What tells most of a figure that has it, in this order.
const TELLING: [&str; 5] = ["percent", "score", "good_percent", "share", "mean"];

/// The figure of a row at a path.
pub(crate) fn at<'r>(row: &'r Row, path: &str) -> Option<&'r Figure> {
    row.figures.iter().find_map(|(name, figure)| {
        let rest = path.strip_prefix(&**name)?;
        if rest.is_empty() { Some(figure) } else { figure.get(rest.strip_prefix('.')?) }
    })
}

/// The numbers of a figure that tell most of it.
pub(crate) fn telling(path: &str, figure: &Figure) -> Vec<String> {
    match figure {
        Figure::Null | Figure::Count(_) | Figure::Number(_) => vec![path.to_owned()],
        Figure::Truth(_) | Figure::Text(_) | Figure::List(_) => Vec::new(),
        Figure::Object(parts) => {
            let has = |part: &&str| parts.iter().any(|(name, _)| name == *part);
            let of = |part: &str| {
                let path = format!("{path}.{part}");
                figure.get(part).map_or_else(Vec::new, |figure| telling(&path, figure))
            };
            if OF_DISTRIBUTION.iter().all(has) {
                return OF_DISTRIBUTION.into_iter().flat_map(of).collect();
            }
            match TELLING.iter().find(|part| has(part)) {
                Some(part) => of(part),
                None => parts.iter().flat_map(|(name, _)| of(name)).collect(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(parts: &[&str]) -> Figure {
        Figure::object(parts.iter().map(|part| ((*part).to_owned(), Figure::Count(1))))
    }

    #[test]
    fn a_figure_is_told_by_few_of_its_numbers() {
        let distribution = object(&["count", "sum", "mean", "min", "max", "p50", "p75", "p90", "p95", "p99"]);
        assert_eq!(telling("stay", &distribution), ["stay.mean", "stay.p50", "stay.p90"]);
        assert_eq!(telling("csat", &object(&["answers", "percent", "mean_score"])), ["csat.percent"]);
        assert_eq!(telling("nps", &object(&["answers", "promoters", "score"])), ["nps.score"]);
        let share = Figure::object([("met", Figure::Count(1)), ("share", object(&["count", "of", "percent"]))]);
        assert_eq!(telling("next_response", &share), ["next_response.share.percent"]);
        let questions = Figure::object([("speed", object(&["answers", "mean"]))]);
        assert_eq!(telling("questions", &questions), ["questions.speed.mean"]);
        assert_eq!(telling("closed_by", &object(&["agent", "customer"])), ["closed_by.agent", "closed_by.customer"]);
        assert_eq!(telling("opened", &Figure::Count(3)), ["opened"]);
        assert_eq!(telling("agent", &Figure::Text("sara".into())), Vec::<String>::new());
    }

    #[test]
    fn a_path_leads_through_the_names_of_a_row() {
        let figures = vec![("csat".into(), object(&["percent"])), ("csat_more".into(), Figure::Count(2))];
        let row = Row { period: None, group: Vec::new(), figures };
        assert_eq!(at(&row, "csat.percent"), Some(&Figure::Count(1)));
        assert_eq!(at(&row, "csat_more"), Some(&Figure::Count(2)));
        assert_eq!(at(&row, "csat.p90"), None);
    }
}
