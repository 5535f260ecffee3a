//! The report `satisfaction`: what customers said of closings and replies.

use super::adding::{Adds, adds};
use super::counting::{Counted, Counting, Whose};
use super::explain::part::{Lookup, PartOf, count, rated, scores, share};
use super::explain::recall::{Recall, TakenBy};
use super::figure::Figure;
use super::needs::Asked;
use super::{Fields, RowFigures, Terms, by_name};
use crate::definition::document::{CesBetter, CsatAnswer, CsatSource, Definition, PositiveFrom};
use crate::dimensions::{Renumbering, renumbered};
use crate::exact::{Decimal, Share};
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::measurements::kinds::{Answers, Ratings};
use crate::measurements::needs::Needs;
use crate::ticket_facts::AnsweredField;
use daftar_domain::satisfaction::Scale;
use daftar_eventlog::Position;
use std::collections::{BTreeMap, HashMap};

/// How often each score was given.
pub(super) type Scores = BTreeMap<u16, u64>;

/// The scores of a question, where its form says nothing else.
const QUESTION: (u16, u16) = (1, 5);
/// The scores of effort.
const EFFORT: (u16, u16) = (1, 7);
/// Where ease was asked, from here on it is good.
const EASY_FROM: u16 = 5;
/// Where effort was asked, up to here it is good.
const LITTLE_TO: u16 = 3;
/// NPS: promoters from, detractors up to.
const PROMOTERS_FROM: u16 = 9;
const DETRACTORS_TO: u16 = 6;

/// A row being counted.
#[derive(Default)]
pub(super) struct Satisfaction {
    overall: Rated,
    ratings: Rated,
    response: Share,
    questions: HashMap<u32, Scores>,
    choices: HashMap<u32, HashMap<u32, u64>>,
    nps: Scores,
    ces: Scores,
}

adds!(Satisfaction { overall, ratings, response, questions, choices, nps, ces });

impl RowFigures for Satisfaction {
    const FIGURES: u64 = 7;
    const APART: bool = true;

    fn reads(asked: &Asked<'_>) -> Needs {
        asked.of(&["questions", "choices", "nps", "ces"], Needs::Answers)
            | asked.of(&["csat"], csat_reads(asked.document))
            | asked.of(&["reply_rating"], Needs::Ratings)
            | asked.of(&["response_rate"], RESPONSES_READ)
    }

    /// Answers count in the period of the answer, for whom the closing is attributed to; ratings in the period of the
    /// rating, for the reply's author; the response rate in the period of the closing.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        let query = counting.query;
        let asked = |field| match field {
            AnsweredField::Overall => false, // `csat` counts these by rules of its own.
            AnsweredField::Question(_) => query.asks("questions"),
            AnsweredField::Choice(_) => query.asks("choices"),
            AnsweredField::Nps => query.asks("nps"),
            AnsweredField::Ces => query.asks("ces"),
        };
        if query.asks_any(&["questions", "choices", "nps", "ces"]) {
            each_answer(counting, state, asked, Self::answered);
        }
        if query.asks("csat") {
            count_csat(counting, state, |row| &mut row.overall);
        }
        if query.asks("reply_rating") {
            count_ratings(counting, state, |row| &mut row.ratings);
        }
        if query.asks("response_rate") {
            count_responses(counting, state, |row| &mut row.response);
        }
    }

    fn renumber(&mut self, numbers: &Renumbering) {
        let question = |number: u32| renumbered(&numbers.questions, number);
        let choice = |number: u32| renumbered(&numbers.choices, number);
        let questions = std::mem::take(&mut self.questions).into_iter();
        self.questions = questions.map(|(number, scores)| (question(number), scores)).collect();
        let choices = std::mem::take(&mut self.choices).into_iter();
        self.choices = choices
            .map(|(number, counts)| {
                (question(number), counts.into_iter().map(|(number, count)| (choice(number), count)).collect())
            })
            .collect();
    }

    const EXPLAINED: &'static [&'static str] = &[
        "csat",
        "reply_rating",
        "response_rate",
        "questions.QUESTION",
        "choices.QUESTION",
        "choices.QUESTION.CHOICE",
        "nps",
        "ces",
    ];

    fn parts<'a>(figure: &str, lookup: &Lookup<'a>) -> Option<PartOf<'a, Self>> {
        let (terms, better) = (lookup.terms, lookup.terms.document().ces.better);
        Some(match figure {
            "csat" => rated(|row: &Self| &row.overall, is_positive(terms)),
            "reply_rating" => rated(|row: &Self| &row.ratings, is_positive(terms)),
            "response_rate" => share(|row: &Self| row.response),
            "nps" => scores(|row: &Self| Some(&row.nps), counts_in_nps),
            "ces" => scores(|row: &Self| Some(&row.ces), move |score| is_good_effort(better, score)),
            _ => return Self::parts_of_question(figure, lookup.state),
        })
    }

    fn figures(self, state: &Measurements, terms: &Terms) -> Fields {
        let positive_from = &terms.document().csat.positive_from;
        let questions = &state.dimensions.questions;
        let choices = self
            .choices
            .into_iter()
            .map(|(question, counts)| (question, by_name(counts, |choice| state.dimensions.choices.name(*choice))));
        vec![
            ("csat".into(), csat(&self.overall, positive_from)),
            ("reply_rating".into(), reply_rating(&self.ratings, positive_from)),
            ("response_rate".into(), response_rate(self.response)),
            (
                "questions".into(),
                by_name(self.questions.into_iter().map(|(q, s)| (q, question(&s))), |q| questions.name(*q)),
            ),
            ("choices".into(), by_name(choices, |question| questions.name(*question))),
            ("nps".into(), nps(&self.nps)),
            ("ces".into(), ces(&self.ces, terms.document().ces.better)),
        ]
    }
}

impl Satisfaction {
    /// The parts of a question's figure: its scores, its answers, or one of its choices.
    fn parts_of_question<'a>(figure: &str, state: &Measurements) -> Option<PartOf<'a, Self>> {
        let (questions, choices) = (&state.dimensions.questions, &state.dimensions.choices);
        if let Some(question) = figure.strip_prefix("questions.") {
            let question = questions.get(question)?;
            return Some(scores(move |row: &Self| row.questions.get(&question), |_| true));
        }
        let figure = figure.strip_prefix("choices.")?;
        if let Some(question) = questions.get(figure) {
            return Some(count(move |row: &Self| row.choices.contains_key(&question).into()));
        }
        // Ids may have dots of their own.
        let splits = figure.match_indices('.').map(|(dot, _)| (&figure[..dot], &figure[dot + 1..]));
        let known = |(question, choice)| Some((questions.get(question)?, choices.get(choice)?));
        let (question, choice) = splits.filter_map(known).next()?;
        let ticked = move |row: &Self| row.choices.get(&question).and_then(|counts| counts.get(&choice).copied());
        Some(count(move |row: &Self| ticked(row).unwrap_or(0)))
    }

    fn answered(&mut self, field: AnsweredField, scale: u8, score: u16, choices: &[u32]) {
        match field {
            AnsweredField::Overall => self.overall.add(scale, score),
            AnsweredField::Question(question) => add(self.questions.entry(question).or_default(), score),
            AnsweredField::Nps => add(&mut self.nps, score),
            AnsweredField::Ces => add(&mut self.ces, score),
            AnsweredField::Choice(question) => {
                let counts = self.choices.entry(question).or_default();
                choices.iter().for_each(|choice| *counts.entry(*choice).or_default() += 1);
            }
        }
    }
}

/// Hands on the answers that count to those fields that `of_field` keeps: field, scale, score, choices.
pub(super) fn each_answer<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    of_field: impl Fn(AnsweredField) -> bool,
    mut count: impl FnMut(&mut R, AnsweredField, u8, u16, &[u32]),
) {
    let (recall, which) = (counting.recall, counting.terms.document().csat.answer);
    let counts =
        |c: &Counted<'_, Answers>| counts(which, c.values.first.get(c.row), c.values.superseded.get(c.row), recall);
    counting.each_where(
        &state.answers,
        |c| Whose::Closing(c.values.closing.get(c.row)),
        |c| of_field(c.values.field.get(c.row)) && counts(c),
        |row, c| {
            let (scale, score) = (c.values.scale.get(c.row), c.values.score.get(c.row));
            let choices = state.dimensions.choice_sets.members(c.values.choices.get(c.row));
            count(row, c.values.field.get(c.row), scale, score, choices);
        },
    );
}

/// Whether an answer counts among those to the same question, or a rating among those of the same reply.
fn counts(which: CsatAnswer, first: bool, superseded: Position, recall: &Recall) -> bool {
    match which {
        CsatAnswer::Last => !recall.is_taken_back(superseded, TakenBy::Change),
        CsatAnswer::First => first,
        CsatAnswer::All => true,
    }
}

/// What [`count_csat`] reads.
pub(super) fn csat_reads(document: &Definition) -> Needs {
    let source = document.csat.source;
    Needs::Answers.when(source != CsatSource::ReplyRatings) | Needs::Ratings.when(source != CsatSource::Survey)
}

/// Counts what satisfaction is made of: overall answers, ratings of replies, or both.
pub(super) fn count_csat<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    of: impl Fn(&mut R) -> &mut Rated,
) {
    let rules = &counting.terms.document().csat;
    if rules.source != CsatSource::ReplyRatings {
        let overall = |field| field == AnsweredField::Overall;
        each_answer(counting, state, overall, |row, _, scale, score, _| of(row).add(scale, score));
    }
    if rules.source != CsatSource::Survey {
        each_rating(counting, state, rules.answer, of);
    }
}

/// Counts the last ratings of replies.
pub(super) fn count_ratings<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    of: impl Fn(&mut R) -> &mut Rated,
) {
    each_rating(counting, state, CsatAnswer::Last, of);
}

fn each_rating<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    which: CsatAnswer,
    of: impl Fn(&mut R) -> &mut Rated,
) {
    let recall = counting.recall;
    let counts =
        |c: &Counted<'_, Ratings>| counts(which, c.values.first.get(c.row), c.values.superseded.get(c.row), recall);
    counting.each_where(
        &state.ratings,
        |_| Whose::Agent,
        counts,
        |row, c| of(row).add(c.values.scale.get(c.row), c.values.score.get(c.row)),
    );
}

/// What [`count_responses`] reads.
pub(super) const RESPONSES_READ: Needs = Needs::Closings.and(Needs::Surveys);

/// Counts closings that offered a survey or were answered, and those that were.
pub(super) fn count_responses<R: Default>(
    counting: &mut Counting<'_, R>,
    state: &Measurements,
    of: impl Fn(&mut R) -> &mut Share,
) {
    let position = counting.position;
    counting.each_where(
        &state.closings,
        |c| Whose::Closing(c.values.number.get(c.row)),
        |c| c.values.offered.get(c.row) || written(c.values.answered.get(c.row), position),
        |row, c| {
            let response = of(row);
            response.of += 1;
            response.count += u64::from(written(c.values.answered.get(c.row), position));
        },
    );
}

/// Scores on their scales.
#[derive(Clone, Default)]
pub(super) struct Rated {
    /// How often each score was given, by scale, then score: few of them, which are found sooner than in a tree.
    counts: Vec<(Scale, u16, u64)>,
}

impl Adds for Rated {
    fn add_up(&mut self, other: Self) {
        other.counts.into_iter().for_each(|(scale, score, count)| *self.count_of(scale, score) += count);
    }
}

impl Rated {
    pub(super) fn add(&mut self, scale: u8, score: u16) {
        if let Some(scale) = Scale::ALL.get(usize::from(scale)) {
            *self.count_of(*scale, score) += 1;
        }
    }

    /// How often a score was given.
    fn count_of(&mut self, scale: Scale, score: u16) -> &mut u64 {
        let found = self.counts.iter().position(|(known, given, _)| (scale, score) <= (*known, *given));
        let place = found.unwrap_or(self.counts.len());
        if self.counts.get(place).is_none_or(|(known, given, _)| (scale, score) != (*known, *given)) {
            self.counts.insert(place, (scale, score, 0));
        }
        &mut self.counts[place].2
    }

    /// The share of scores that are positive.
    pub(super) fn positive(&self, positive_from: &PositiveFrom) -> Share {
        let positive = self.each().filter(|(scale, score, _)| positive_from.is_positive(*scale, *score));
        let count = positive.map(|(_, _, count)| count).sum();
        Share { count, of: self.each().map(|(_, _, count)| count).sum() }
    }

    /// Count, positive count, their share's figures and the mean score.
    fn figures(&self, names: [&'static str; 2], positive_from: &PositiveFrom) -> Vec<(&'static str, Figure)> {
        let positive = self.positive(positive_from);
        let thirds = self.each().map(|(scale, score, count)| thirds(scale, score) * i128::from(count)).sum();
        let mut figures = named_share(names, positive);
        figures.push(("mean_score", Decimal::ratio(thirds, 3 * i128::from(positive.of)).into()));
        figures
    }

    /// Scale, score and how often it was given.
    pub(super) fn each(&self) -> impl Iterator<Item = (Scale, u16, u64)> {
        self.counts.iter().copied()
    }

    /// For each scale that was used, how often each of its scores was given.
    fn distribution(&self) -> Figure {
        let of_scales = self.counts.chunk_by(|(one, ..), (next, ..)| one == next);
        Figure::object(of_scales.map(|counts| {
            let scores = counts.iter().map(|(_, score, count)| (*score, *count)).collect();
            let (low, high) = counts[0].0.range();
            (counts[0].0.name(), distribution(&scores, (low.into(), high.into())))
        }))
    }
}

/// The share of positive answers to the overall question, with their distribution.
pub(super) fn csat(overall: &Rated, positive_from: &PositiveFrom) -> Figure {
    let mut figures = overall.figures(["answers", "positive"], positive_from);
    figures.push(("distribution", overall.distribution()));
    Figure::object(figures)
}

/// The share of positive ratings of replies.
pub(super) fn reply_rating(ratings: &Rated, positive_from: &PositiveFrom) -> Figure {
    Figure::object(ratings.figures(["rated", "satisfied"], positive_from))
}

/// Whether a score is positive under a definition.
pub(super) fn is_positive(terms: &Terms) -> impl Fn(Scale, u16) -> bool + use<'_> {
    let positive_from = &terms.document().csat.positive_from;
    move |scale, score| positive_from.is_positive(scale, score)
}

/// Whether a score of NPS is a promoter's or a detractor's; the others stand in the denominator only.
pub(super) fn counts_in_nps(score: u16) -> bool {
    score <= DETRACTORS_TO || PROMOTERS_FROM <= score
}

fn is_good_effort(better: CesBetter, score: u16) -> bool {
    match better {
        CesBetter::High => EASY_FROM <= score,
        CesBetter::Low => score <= LITTLE_TO,
    }
}

/// The share of closings answered.
pub(super) fn response_rate(response: Share) -> Figure {
    Figure::object(named_share(["offered", "answered"], response))
}

/// Three times the score on the common scale 1 to 5: 1 + 4 x its place between the ends of its scale.
fn thirds(scale: Scale, score: u16) -> i128 {
    let (low, high) = scale.range();
    let place = i128::from(score) - i128::from(low);
    // 4 x 3 is a multiple of every scale's steps: 1, 3 and 4.
    3 + 12 / (i128::from(high) - i128::from(low)) * place
}

/// A share under its own names: of how many, how many, percent and bounds.
fn named_share([of, count]: [&'static str; 2], share: Share) -> Vec<(&'static str, Figure)> {
    vec![
        (of, share.of.into()),
        (count, share.count.into()),
        ("percent", share.percent().into()),
        ("low95", share.low95().into()),
        ("high95", share.high95().into()),
    ]
}

fn question(scores: &Scores) -> Figure {
    Figure::object([
        ("answers", total(scores).into()),
        ("mean", mean(scores).into()),
        ("distribution", distribution(scores, QUESTION)),
    ])
}

/// Percent of promoters minus percent of detractors.
pub(super) fn nps(scores: &Scores) -> Figure {
    let answers = total(scores);
    let promoters: u64 = scores.range(PROMOTERS_FROM..).map(|(_, count)| count).sum();
    let detractors: u64 = scores.range(..=DETRACTORS_TO).map(|(_, count)| count).sum();
    let score = Decimal::ratio(100 * (i128::from(promoters) - i128::from(detractors)), i128::from(answers));
    Figure::object([
        ("answers", answers.into()),
        ("promoters", promoters.into()),
        ("passives", (answers - promoters - detractors).into()),
        ("detractors", detractors.into()),
        ("score", score.into()),
    ])
}

fn ces(scores: &Scores, better: CesBetter) -> Figure {
    let count = scores.iter().filter(|(score, _)| is_good_effort(better, **score)).map(|(_, count)| count).sum();
    let good = Share { count, of: total(scores) };
    Figure::object([
        ("answers", good.of.into()),
        ("mean", mean(scores).into()),
        ("good_percent", good.percent().into()),
        ("low95", good.low95().into()),
        ("high95", good.high95().into()),
        ("distribution", distribution(scores, EFFORT)),
    ])
}

/// Every score of the scale and how often it was given; empty where none was.
fn distribution(scores: &Scores, (low, high): (u16, u16)) -> Figure {
    if scores.is_empty() {
        return Figure::Object(Vec::new());
    }
    let mut all: Scores = (low..=high).map(|score| (score, 0)).collect();
    all.extend(scores);
    Figure::object(all.into_iter().map(|(score, count)| (score.to_string(), count.into())))
}

pub(super) fn add(scores: &mut Scores, score: u16) {
    *scores.entry(score).or_default() += 1;
}

fn total(scores: &Scores) -> u64 {
    scores.values().sum()
}

fn mean(scores: &Scores) -> Option<Decimal> {
    let sum = scores.iter().map(|(score, count)| i128::from(*score) * i128::from(*count)).sum();
    Decimal::ratio(sum, i128::from(total(scores)))
}
