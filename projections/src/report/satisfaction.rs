//! The report `satisfaction`: what customers said of closings and replies.

use super::counting::Counting;
use super::figure::Figure;
use super::{Fields, RowFigures, Terms, by_name};
use crate::definition::PositiveFrom;
use crate::exact::{Decimal, Share};
use crate::measurements::Measurements;
use crate::measurements::chunk::written;
use crate::ticket_facts::AnsweredField;
use daftar_domain::satisfaction::Scale;
use std::collections::{BTreeMap, HashMap};

/// How often each score was given.
type Scores = BTreeMap<u16, u64>;

/// The scores of a question, where its form says nothing else.
const QUESTION: (u16, u16) = (1, 5);
/// The scores of effort.
const EFFORT: (u16, u16) = (1, 7);
/// From here on effort counts as good.
const EASY_FROM: u16 = 5;
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

impl RowFigures for Satisfaction {
    const FIGURES: u64 = 7;

    /// Answers count in the period of the answer, for whom the closing is attributed to; ratings in the period of the
    /// rating, for the reply's author; the response rate in the period of the closing.
    fn count(counting: &mut Counting<'_, Self>, state: &Measurements) {
        let position = counting.position;
        counting.each_where(
            &state.answers,
            |c| !written(c.values.superseded[c.row], position),
            |row, c| {
                let (scale, score) = (c.values.scale[c.row], c.values.score[c.row]);
                let choices = state.dimensions.choice_sets.members(c.values.choices[c.row]);
                row.answered(c.values.field[c.row], scale, score, choices);
            },
        );
        counting.each_where(
            &state.ratings,
            |c| !written(c.values.superseded[c.row], position),
            |row, c| row.ratings.add(c.values.scale[c.row], c.values.score[c.row]),
        );
        counting.each_where(
            &state.closings,
            |c| c.values.offered[c.row] || written(c.values.answered[c.row], position),
            |row, c| {
                row.response.of += 1;
                row.response.count += u64::from(written(c.values.answered[c.row], position));
            },
        );
    }

    fn figures(self, state: &Measurements, terms: &Terms) -> Fields {
        let positive_from = terms.definition.positive_from;
        let questions = &state.dimensions.questions;
        let choices = self
            .choices
            .into_iter()
            .map(|(question, counts)| (question, by_name(counts, |choice| state.dimensions.choices.name(*choice))));
        let mut csat = self.overall.figures(["answers", "positive"], positive_from);
        csat.push(("distribution", self.overall.distribution()));
        vec![
            ("csat".into(), Figure::object(csat)),
            ("reply_rating".into(), Figure::object(self.ratings.figures(["rated", "satisfied"], positive_from))),
            ("response_rate".into(), Figure::object(share(["offered", "answered"], self.response))),
            (
                "questions".into(),
                by_name(self.questions.into_iter().map(|(q, s)| (q, question(&s))), |q| questions.name(*q)),
            ),
            ("choices".into(), by_name(choices, |question| questions.name(*question))),
            ("nps".into(), nps(&self.nps)),
            ("ces".into(), ces(&self.ces)),
        ]
    }
}

impl Satisfaction {
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

/// Scores on their scales.
#[derive(Default)]
struct Rated {
    scales: BTreeMap<Scale, Scores>,
}

impl Rated {
    fn add(&mut self, scale: u8, score: u16) {
        if let Some(scale) = Scale::ALL.get(usize::from(scale)) {
            add(self.scales.entry(*scale).or_default(), score);
        }
    }

    /// Count, positive count, their share's figures and the mean score.
    fn figures(&self, names: [&'static str; 2], positive_from: PositiveFrom) -> Vec<(&'static str, Figure)> {
        let each = || self.scales.iter().flat_map(|(scale, scores)| scores.iter().map(|(s, n)| (*scale, *s, *n)));
        let of = each().map(|(_, _, count)| count).sum();
        let positive = each().filter(|(scale, score, _)| positive_from.is_positive(*scale, *score));
        let share_of = Share { count: positive.map(|(_, _, count)| count).sum(), of };
        let thirds = each().map(|(scale, score, count)| thirds(scale, score) * i128::from(count)).sum();
        let mut figures = share(names, share_of);
        figures.push(("mean_score", Decimal::ratio(thirds, 3 * i128::from(of)).into()));
        figures
    }

    /// For each scale that was used, how often each of its scores was given.
    fn distribution(&self) -> Figure {
        Figure::object(self.scales.iter().map(|(scale, scores)| {
            let (low, high) = scale.range();
            (scale.name(), distribution(scores, (low.into(), high.into())))
        }))
    }
}

/// Three times the score on the common scale 1 to 5: 1 + 4 x its place between the ends of its scale.
fn thirds(scale: Scale, score: u16) -> i128 {
    let (low, high) = scale.range();
    let place = i128::from(score) - i128::from(low);
    // 4 x 3 is a multiple of every scale's steps: 1, 3 and 4.
    3 + 12 / (i128::from(high) - i128::from(low)) * place
}

/// A share under its own names: of how many, how many, percent and bounds.
fn share([of, count]: [&'static str; 2], share: Share) -> Vec<(&'static str, Figure)> {
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
fn nps(scores: &Scores) -> Figure {
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

fn ces(scores: &Scores) -> Figure {
    let good = Share { count: scores.range(EASY_FROM..).map(|(_, count)| count).sum(), of: total(scores) };
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

fn add(scores: &mut Scores, score: u16) {
    *scores.entry(score).or_default() += 1;
}

fn total(scores: &Scores) -> u64 {
    scores.values().sum()
}

fn mean(scores: &Scores) -> Option<Decimal> {
    let sum = scores.iter().map(|(score, count)| i128::from(*score) * i128::from(*count)).sum();
    Decimal::ratio(sum, i128::from(total(scores)))
}
