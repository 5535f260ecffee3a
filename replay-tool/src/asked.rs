//! What a report is asked for over a source: its query, the end of the prefix, the definition; and the fold under it.

use crate::Failure;
use crate::cli::ParameterArguments;
use crate::definition;
use crate::progress;
use crate::source::Source;
use crate::timings::Counting;
use daftar_domain::Invalid;
use daftar_eventlog::{LogReader, Position};
use daftar_projections::by_ticket::{Folded, Reports, Step, fold_for};
use daftar_projections::definition::catalog::Published;
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::{CatchUpError, catch_up, position_at};
use daftar_projections::report::query::{AsOf, Query};
use daftar_projections::report::{Report, ReportError, report};
use indicatif::ProgressBar;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

/// A report as it is asked for, with everything that decides its figures.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) query: Query,
    /// The end of the prefix that it reads.
    pub(crate) position: Position,
    pub(crate) definition: Arc<Published>,
    /// The fields of the definition that are said otherwise, as they were given.
    pub(crate) what_if: Vec<String>,
}

impl Asked {
    /// What the flags ask of a source.
    ///
    /// # Errors
    ///
    /// Wrong usage for a flag that makes no sense, a definition or a position that there is not.
    pub(crate) async fn of(name: &str, flags: &ParameterArguments, source: &Source) -> Result<Self, Failure> {
        let query = query(name, flags)?;
        let file = flags.definition.as_deref().map(definition::from_file).transpose()?.flatten();
        let position = asked_position(source, query.as_of).await?;
        let definition = match file {
            Some(document) => document,
            None => definition::named(source, query.definition.as_deref(), position).await?,
        };
        let what_if = flags.what_if.clone();
        Ok(Self { query, position, definition: definition::what_if(definition, &what_if)?, what_if })
    }

    /// Another report of the same prefix under the same definition, for which the fold under this one does as well.
    pub(crate) fn beside(&self, query: Query) -> Self {
        let Query { as_of, happened_by, definition, .. } = self.query.clone();
        Self { query: Query { as_of, happened_by, definition, ..query }, ..self.clone() }
    }

    /// The history up to the position, folded under the definition.
    pub(crate) async fn fold(&self, source: &Source, quiet: bool) -> Result<Measurements, Failure> {
        let progress = progress::up_to(self.position, "folding", quiet);
        let state = folded(Arc::clone(&source.log), self.nothing_yet(), self.position, progress.clone()).await;
        progress.finish_and_clear();
        state.map_err(Failure::run)
    }

    /// What is folded into: nothing yet, under the definition.
    fn nothing_yet(&self) -> Measurements {
        let document = &self.definition.document;
        Measurements::under(document.folded()).up_to(self.query.happened_by_under(document))
    }

    /// What this report and those beside it read of the history, on so many threads at most where all of them can be
    /// counted in parts; and how long it took to count what could be counted on the way.
    pub(crate) async fn fold_for<'q>(
        &self,
        reports: Reports<'q>,
        source: &Source,
        threads: u32,
        quiet: bool,
    ) -> Result<(Folded<'q>, Duration), Failure> {
        let progress = progress::up_to(self.position, "folding", quiet);
        let threads = NonZero::new(threads).unwrap_or(NonZero::<u32>::MIN);
        let counting = Counting::default();
        let step = |step| match step {
            Step::Folded(events) => {
                progress.inc(events);
                counting.begins();
            }
            Step::Counted => counting.ends(),
        };
        let folded = fold_for(&*source.log, reports, threads, &step).await;
        progress.finish_and_clear();
        let folded = folded.map_err(Failure::run)?;
        let took = counting.took(folded.parts());
        Ok((folded, took))
    }

    /// This report's query and those beside it, to be folded for together.
    pub(crate) fn queries<'a>(&'a self, beside: &'a [Self]) -> Vec<&'a Query> {
        std::iter::once(self).chain(beside).map(|asked| &asked.query).collect()
    }

    /// The reports that these queries ask for, of this one's prefix and definition.
    pub(crate) fn reports_of<'a>(&'a self, queries: &'a [&'a Query], labels: &'a KeyLabels) -> Reports<'a> {
        Reports { queries, definition: &self.definition, until: self.position, labels }
    }

    /// A report that was made for this one's definition, told as this one is.
    pub(crate) fn told(&self, made: Result<Report, ReportError>) -> Result<Report, Failure> {
        made.map(|report| self.with_note(report)).map_err(refused)
    }

    fn with_note(&self, mut report: Report) -> Report {
        report.notes.extend(self.what_if_note());
        report
    }

    /// The report, counted from measurements that [`Self::fold`] made.
    pub(crate) fn report(&self, source: &Source, state: &Measurements) -> Result<Report, Failure> {
        let labels = KeyLabels(source.keys.clone());
        let made = report(state, &self.query, &self.definition, self.position, &labels).map_err(refused)?;
        Ok(self.with_note(made))
    }

    /// What a reader must know of figures under a definition that was never published like this.
    pub(crate) fn what_if_note(&self) -> Option<String> {
        let Published { document, version } = &*self.definition;
        (!self.what_if.is_empty()).then(|| {
            let changed = self.what_if.join(", ");
            format!("What if: these figures are counted as if {} (version {version}) said {changed}.", document.name)
        })
    }
}

/// What stands in the way of a report: what was asked for, or a fault of this program.
fn refused(refused: ReportError) -> Failure {
    match refused {
        ReportError::TooManyCells { .. } | ReportError::EmptyTime { .. } | ReportError::TooManyDimensions(_) => {
            Failure::usage(refused)
        }
        ReportError::OtherFolded(_) | ReportError::NotKept | ReportError::InParts => Failure::run(refused),
    }
}

/// A state folded up to a position.
async fn folded(
    log: Arc<dyn LogReader>,
    mut state: Measurements,
    position: Position,
    progress: ProgressBar,
) -> Result<Measurements, CatchUpError> {
    catch_up(&*log, &mut state, Some(position), |reached| progress.set_position(reached.0)).await?;
    Ok(state)
}

/// What the flags ask for, whatever the source.
///
/// # Errors
///
/// Wrong usage, a line for each flag that makes no sense.
pub(crate) fn query(name: &str, flags: &ParameterArguments) -> Result<Query, Failure> {
    let parameters = flags.parameters().map_err(Failure::Usage)?;
    Query::parse(name, parameters).map_err(|wrong| {
        let lines: Vec<_> = wrong.into_iter().map(|invalid| as_flag(invalid).to_string()).collect();
        Failure::Usage(lines.join("\n"))
    })
}

/// Names a parameter as the flag it was given with.
pub(crate) fn as_flag(mut wrong: Invalid) -> Invalid {
    let flags = [
        "from",
        "to",
        "interval",
        "group_by",
        "as_of",
        "happened_by",
        "at",
        "within",
        "limit",
        "figures",
        "definition",
    ];
    if flags.contains(&&*wrong.field) {
        wrong.field = format!("--{}", wrong.field.replace('_', "-"));
    }
    wrong
}

/// The end of the prefix that was asked for.
async fn asked_position(source: &Source, as_of: Option<AsOf>) -> Result<Position, Failure> {
    let last = *source.log.durable().borrow();
    match as_of {
        None => Ok(last),
        Some(AsOf::Position(position)) if position > last.0 => {
            Err(Failure::Usage(format!("--as-of is {position}, but the log ends at position {last}")))
        }
        Some(AsOf::Position(position)) => Ok(Position(position)),
        Some(AsOf::Instant(_)) if !source.tells_recorded_at => Err(Failure::Usage(
            "--as-of is an instant, but the events do not say when they were recorded; give a position".to_owned(),
        )),
        Some(AsOf::Instant(instant)) => position_at(&*source.log, instant).await.map_err(Failure::run),
    }
}
