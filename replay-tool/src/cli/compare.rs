//! The flags of `daftar-replay compare`: those that may be given twice say what differs.

use super::{InLanguage, Output, ParameterArguments, SourceArguments};
use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "What differs is given twice: first for the left side, then for the right. Rows stand by figure, the largest change for
the worse first. Under each figure stand the tickets behind its largest move, with the reason each moved. Of two periods
no ticket is in both: those shown are the worse side's, for a duration the ones that took longest.

Examples:
  which department's p90 first response got worse between the halves of 2016, and which ten tickets are behind it
    daftar-replay compare response-times --data-dir daftar-data --group-by department \\
      --figure first_response.p90 --at-least 10 \\
      --from 2016-01-01 --to 2016-07-01 --from 2016-07-01 --to 2017-01-01
  what CSAT would be if 3 of 5 counted as satisfied
    daftar-replay compare satisfaction --data-dir daftar-data --figure csat \\
      --what-if csat.positive_from.five=3
  how last month's report looked on the first of this month, beside how it looks now
    daftar-replay compare overview --data-dir daftar-data --from 2026-01-01 --to 2026-02-01 \\
      --as-of 2026-02-01T00:00:00Z --as-of 2026-03-01T00:00:00Z
  other hours for the same help desk
    daftar-replay compare targets --data-dir daftar-data \\
      --definition default --definition office.toml
  whether anything changed, for a script
    daftar-replay compare overview --backup /mnt/backup/desk \\
      --happened-by 2026-01-01 --happened-by 2026-02-01 --fail-on-difference --output json"
)]
pub(crate) struct CompareArguments {
    /// Which report, as in `daftar-replay report`, but for review-queue.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// The first moment counted: a date or an instant, as in `report`.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Vec<String>,
    /// The first moment no longer counted.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Vec<String>,
    /// What was known then: a position of the log, or an instant by when it was recorded.
    #[arg(long, value_name = "POSITION|TIME")]
    pub(crate) as_of: Vec<String>,
    /// Count only what happened up to then: an instant, or the beginning of a date.
    #[arg(long, value_name = "TIME")]
    pub(crate) happened_by: Vec<String>,
    /// The metric definition: a file, a preset, or one published in the log, as in `report`.
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) definition: Vec<String>,
    /// Count as if the definition said otherwise: the right side alone, or both where something else is given twice.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) what_if: Vec<String>,
    /// One row a period: hour, day, week, month, quarter or year. Of two periods the rows stand side by side in order.
    #[arg(long)]
    pub(crate) interval: Option<String>,
    /// One row a value, of up to three dimensions, as in `report`.
    #[arg(long, value_name = "DIMENSION,…")]
    pub(crate) group_by: Option<String>,
    /// Count only some values of a dimension; `null` stands for none. Several filters all apply.
    #[arg(long, value_name = "DIMENSION=VALUE,…")]
    pub(crate) filter: Vec<String>,
    /// The instant up to which running things are measured; the latest event when left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Ask which share of the values lies within a duration: 45s, 30m, 4h, 2d, 3bd (business days).
    #[arg(long, value_name = "DURATION")]
    pub(crate) within: Option<String>,
    /// Keep the groups with most measurements.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<String>,
    /// Which figures, by their paths: first_response.p90, csat, opened. When left out all of the report's: of
    /// distributions mean, p50 and p90, of shares the percentage.
    #[arg(long, value_name = "PATH,…", value_delimiter = ',')]
    pub(crate) figure: Vec<String>,
    /// Leave out rows in which a figure is made of fewer than N measurements on a side.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) at_least: u64,
    /// How many tickets to show behind each figure's largest move.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) moved: usize,
    /// In which language the reasons are told.
    #[arg(long, value_enum, default_value_t = InLanguage::En)]
    pub(crate) words: InLanguage,
    /// Exit with 1 where any of the figures shown differs; --figure says which are.
    #[arg(long)]
    pub(crate) fail_on_difference: bool,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// Show no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// What differs between two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Differs {
    Definition,
    AsOf,
    HappenedBy,
    Period,
    WhatIf,
}

impl Differs {
    /// Its name in JSON, and of its flag.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::AsOf => "as_of",
            Self::HappenedBy => "happened_by",
            Self::Period => "period",
            Self::WhatIf => "what_if",
        }
    }
}

impl CompareArguments {
    /// What differs between the sides.
    ///
    /// # Errors
    ///
    /// Words where nothing differs, or too much at once.
    pub(crate) fn differs(&self) -> Result<Differs, String> {
        let given = [
            (Differs::Definition, "--definition", self.definition.len()),
            (Differs::AsOf, "--as-of", self.as_of.len()),
            (Differs::HappenedBy, "--happened-by", self.happened_by.len()),
            (Differs::Period, "--from", self.from.len()),
            (Differs::Period, "--to", self.to.len()),
        ];
        if let Some((_, flag, times)) = given.iter().find(|(.., times)| *times > 2) {
            return Err(format!("{flag} is given {times} times; there are two sides, so give it at most twice"));
        }
        let mut twice: Vec<_> = given.iter().filter(|(.., times)| *times == 2).map(|(what, ..)| *what).collect();
        twice.dedup();
        match (twice.as_slice(), self.what_if.is_empty()) {
            ([what], _) => Ok(*what),
            ([], false) => Ok(Differs::WhatIf),
            ([], true) => Err("nothing differs between the two sides: give --definition, --as-of, --happened-by, or \
                               --from and --to twice, or a --what-if"
                .to_owned()),
            ([..], _) => Err("more than one thing differs between the two sides, so that no difference could be told \
                              from the other: give only one of --definition, --as-of, --happened-by, and --from with \
                              --to twice"
                .to_owned()),
        }
    }

    /// The flags of the left side (0) or the right (1), as `report` would have them.
    pub(crate) fn side(&self, side: usize, differs: Differs) -> ParameterArguments {
        let of = |given: &[String]| given.get(side).or(given.first()).cloned();
        let overrides = differs != Differs::WhatIf || side == 1;
        ParameterArguments {
            from: of(&self.from),
            to: of(&self.to),
            interval: self.interval.clone(),
            group_by: self.group_by.clone(),
            filter: self.filter.clone(),
            as_of: of(&self.as_of),
            happened_by: of(&self.happened_by),
            at: self.at.clone(),
            within: self.within.clone(),
            limit: self.limit.clone(),
            figures: None,
            definition: of(&self.definition),
            what_if: if overrides { self.what_if.clone() } else { Vec::new() },
        }
    }
}
