//! What customers think of the help they got, and how they say so.

use super::chance::Chance;
use super::texts::Details;
use super::texts::phrases::{BLAME, PRAISE, SO_SO, SUGGESTION};
use daftar_domain::ids::{ChoiceId, QuestionId};
use daftar_domain::satisfaction::{Ces, Nps, QuestionScore, Scale, Score, SurveyAnswers};
use std::collections::{BTreeMap, BTreeSet};

/// How a customer feels: 0 is neither here nor there, 1 is well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mood {
    felt: f64,
    patience: f64,
}

impl Mood {
    /// The mood after help by somebody of that skill, hours of waiting, and with that mildness.
    pub(super) fn after(skill: f64, hours_waited: f64, mildness: f64, chance: &mut Chance) -> Self {
        let patience = 1.0 - 2.0 * hours_waited / (hours_waited + 12.0);
        let felt = 0.08 + 0.75 * skill + 0.65 * patience + 0.3 * mildness + 0.55 * chance.normal();
        Self { felt, patience }
    }

    /// Whether it is bad enough to come back.
    pub(super) fn is_bad(self) -> bool {
        self.felt < -0.45
    }

    /// The rating of a reply.
    pub(super) fn rating(self, chance: &mut Chance) -> Score {
        let scale = chance.weighted(&[(Scale::Binary, 60), (Scale::Five, 30), (Scale::Four, 10)]);
        score(scale, self.felt)
    }

    /// The answer to a survey.
    pub(super) fn survey(self, details: &Details, chance: &mut Chance) -> SurveyAnswers {
        let scale = chance.weighted(&[(Scale::Five, 76), (Scale::Binary, 14), (Scale::Four, 10)]);
        SurveyAnswers { overall: Some(score(scale, self.felt)), ..self.questionnaire(details, chance) }
    }

    /// The answers to a survey but for the overall score.
    pub(super) fn questionnaire(self, details: &Details, chance: &mut Chance) -> SurveyAnswers {
        SurveyAnswers {
            overall: None,
            questions: self.questions(chance),
            choices: heard_from(chance),
            nps: chance.likely(0.45).then(|| self.nps(chance)).flatten(),
            ces: chance.likely(0.3).then(|| self.ces(chance)).flatten(),
            texts: suggestion(details, chance),
            comment: self.comment(details, chance),
        }
    }

    fn questions(self, chance: &mut Chance) -> BTreeMap<QuestionId, QuestionScore> {
        const QUESTIONS: [&str; 7] =
            ["speed", "quality", "follow_up", "resolution", "usefulness", "system_experience", "agent_behaviour"];
        let answered = chance.weighted(&[(1.0, 55), (0.35, 45)]);
        let mut scores = BTreeMap::new();
        for question in QUESTIONS {
            let felt = if question == "speed" { self.felt + self.patience - 0.5 } else { self.felt };
            if chance.likely(answered) {
                let score = five(felt + 0.15 + 0.4 * chance.normal());
                scores.extend(
                    QuestionScore::new(question, score).ok().map(|score| (QuestionId::known_good(question), score)),
                );
            }
        }
        scores
    }

    fn nps(self, chance: &mut Chance) -> Option<Nps> {
        const STEPS: [f64; 10] = [-1.9, -1.6, -1.3, -1.05, -0.8, -0.5, -0.25, 0.0, 0.35, 0.85];
        Nps::new("nps", steps(&STEPS, self.felt + 0.3 * chance.normal())).ok()
    }

    fn ces(self, chance: &mut Chance) -> Option<Ces> {
        const STEPS: [f64; 6] = [-1.5, -1.0, -0.6, -0.1, 0.4, 1.0];
        Ces::new("ces", 1 + steps(&STEPS, self.felt + 0.4 * chance.normal())).ok()
    }

    fn comment(self, details: &Details, chance: &mut Chance) -> Option<String> {
        let (what, likely) = match five(self.felt) {
            ..=2 => (&BLAME, 0.55),
            3 => (&SO_SO, 0.3),
            _ => (&PRAISE, 0.22),
        };
        chance.likely(likely).then(|| details.say(what, chance))
    }
}

/// Whether somebody should get in touch after such an answer.
pub(super) fn is_dissatisfied(score: Score) -> bool {
    match score.scale() {
        Scale::Binary => score.score() == 0,
        Scale::Four | Scale::Five => score.score() <= 2,
    }
}

/// The best score but one of the same scale, where it has so many.
pub(super) fn better(score: Score) -> Score {
    match score.scale() {
        Scale::Binary => Score::SATISFIED,
        scale => Score::new("overall", scale, i64::from(scale.range().1) - 1).unwrap_or(score),
    }
}

fn score(scale: Scale, felt: f64) -> Score {
    let score = match scale {
        Scale::Binary => i64::from(felt > -0.3),
        Scale::Four => 1 + steps(&[-1.1, -0.35, 0.5], felt),
        Scale::Five => five(felt),
    };
    Score::new("score", scale, score).unwrap_or(Score::SATISFIED)
}

/// The feeling on a scale of five.
fn five(felt: f64) -> i64 {
    1 + steps(&[-1.2, -0.75, -0.3, 0.4], felt)
}

/// How many of the steps the feeling has climbed.
fn steps(steps: &[f64], felt: f64) -> i64 {
    steps.iter().filter(|step| felt > **step).map(|_| 1).sum()
}

fn heard_from(chance: &mut Chance) -> BTreeMap<QuestionId, BTreeSet<ChoiceId>> {
    if !chance.likely(0.2) {
        return BTreeMap::new();
    }
    let first = chance.weighted(&[("friend", 4), ("search", 3), ("instagram", 3), ("telegram", 2), ("exhibition", 1)]);
    let second = if chance.likely(0.2) { "website" } else { first };
    let ticked = [first, second].into_iter().map(ChoiceId::known_good).collect();
    BTreeMap::from([(QuestionId::known_good("heard_from"), ticked)])
}

fn suggestion(details: &Details, chance: &mut Chance) -> BTreeMap<QuestionId, String> {
    let likely = chance.likely(0.1);
    likely.then(|| (QuestionId::known_good("suggestion"), details.say(&SUGGESTION, chance))).into_iter().collect()
}
