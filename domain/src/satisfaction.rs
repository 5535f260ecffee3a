//! Scales, scores and what a customer answers in a survey.

use crate::Invalid;
use crate::ids::{ChoiceId, QuestionId};
use std::collections::{BTreeMap, BTreeSet};

/// A scale on which satisfaction is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scale {
    /// 0 dissatisfied, 1 satisfied.
    Binary,
    /// 1 very bad, 2 bad, 3 good, 4 excellent.
    Four,
    /// 1 to 5.
    Five,
}

impl Scale {
    /// Every scale, in the order of its number of steps.
    pub const ALL: [Self; 3] = [Self::Binary, Self::Four, Self::Five];

    /// The scale's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Four => "four",
            Self::Five => "five",
        }
    }

    /// The lowest and the highest score.
    #[must_use]
    pub const fn range(self) -> (u8, u8) {
        match self {
            Self::Binary => (0, 1),
            Self::Four => (1, 4),
            Self::Five => (1, 5),
        }
    }

    /// Reads a scale's name.
    ///
    /// # Errors
    ///
    /// [`Invalid`] when it is none of the three.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or_else(|| Invalid::new(field, text, "must be binary, four or five"))
    }
}

/// A score on its scale, kept as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score {
    scale: Scale,
    score: u8,
}

impl Score {
    /// A satisfied rating: 1 on the binary scale.
    pub const SATISFIED: Self = Self { scale: Scale::Binary, score: 1 };
    /// A dissatisfied rating: 0 on the binary scale.
    pub const DISSATISFIED: Self = Self { scale: Scale::Binary, score: 0 };

    /// Takes a score within its scale.
    ///
    /// # Errors
    ///
    /// [`Invalid`] when the score lies outside its scale.
    pub fn new(field: &str, scale: Scale, score: i64) -> Result<Self, Invalid> {
        let (low, high) = scale.range();
        within(field, score, low, high, &format!("on the scale {}", scale.name())).map(|score| Self { scale, score })
    }

    /// Reads one of the words that stand for scores: `dissatisfied satisfied very_bad bad good excellent`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let (scale, score) = match word {
            "dissatisfied" => (Scale::Binary, 0),
            "satisfied" => (Scale::Binary, 1),
            "very_bad" => (Scale::Four, 1),
            "bad" => (Scale::Four, 2),
            "good" => (Scale::Four, 3),
            "excellent" => (Scale::Four, 4),
            _ => return None,
        };
        Some(Self { scale, score })
    }

    /// The scale it was given on.
    #[must_use]
    pub const fn scale(self) -> Scale {
        self.scale
    }

    /// The score as given.
    #[must_use]
    pub const fn score(self) -> u8 {
        self.score
    }
}

/// How likely the customer is to recommend us, 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nps(u8);

impl Nps {
    /// Takes 0 to 10.
    ///
    /// # Errors
    ///
    /// [`Invalid`] outside that range.
    pub fn new(field: &str, value: i64) -> Result<Self, Invalid> {
        within(field, value, 0, 10, "").map(Self)
    }

    /// The number given.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Customer effort, 1 to 7; which end is good is a matter of the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ces(u8);

impl Ces {
    /// Takes 1 to 7.
    ///
    /// # Errors
    ///
    /// [`Invalid`] outside that range.
    pub fn new(field: &str, value: i64) -> Result<Self, Invalid> {
        within(field, value, 1, 7, "").map(Self)
    }

    /// The number given.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// The score of one question, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionScore(u8);

impl QuestionScore {
    /// Takes 1 to 5.
    ///
    /// # Errors
    ///
    /// [`Invalid`] outside that range.
    pub fn new(field: &str, value: i64) -> Result<Self, Invalid> {
        within(field, value, 1, 5, "").map(Self)
    }

    /// The number given.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What a customer answered; every field may be left out, and one left out says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SurveyAnswers {
    /// Overall satisfaction.
    pub overall: Option<Score>,
    /// Scored questions.
    pub questions: BTreeMap<QuestionId, QuestionScore>,
    /// Choice questions and the choices ticked.
    pub choices: BTreeMap<QuestionId, BTreeSet<ChoiceId>>,
    /// Likelihood to recommend.
    pub nps: Option<Nps>,
    /// Effort.
    pub ces: Option<Ces>,
    /// Questions answered in words (content).
    pub texts: BTreeMap<QuestionId, String>,
    /// A comment (content).
    pub comment: Option<String>,
}

impl SurveyAnswers {
    /// Lays `later` over these answers: a field it gives replaces, one it leaves out stays.
    pub fn merge(&mut self, later: &Self) {
        self.overall = later.overall.or(self.overall);
        self.nps = later.nps.or(self.nps);
        self.ces = later.ces.or(self.ces);
        self.questions.extend(later.questions.clone());
        self.choices.extend(later.choices.clone());
        self.texts.extend(later.texts.clone());
        if later.comment.is_some() {
            self.comment.clone_from(&later.comment);
        }
    }
}

fn within(field: &str, value: i64, low: u8, high: u8, scale: &str) -> Result<u8, Invalid> {
    u8::try_from(value).ok().filter(|v| (low..=high).contains(v)).ok_or_else(|| {
        let rule = format!("must be a whole number from {low} to {high} {scale}");
        Invalid::new(field, value, rule.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_stay_on_their_scale() {
        for (scale, low, high) in [(Scale::Binary, 0, 1), (Scale::Four, 1, 4), (Scale::Five, 1, 5)] {
            assert!(Score::new("overall.score", scale, low).is_ok());
            assert!(Score::new("overall.score", scale, high).is_ok());
            for bad in [low - 1, high + 1, 256, i64::MAX] {
                let refused = Score::new("overall.score", scale, bad).unwrap_err();
                assert_eq!(refused.value, bad.to_string());
                assert!(refused.rule.contains(scale.name()), "{refused}");
            }
        }
        assert!(Nps::new("nps", 11).is_err() && Nps::new("nps", 0).is_ok());
        assert!(Ces::new("ces", 0).is_err() && Ces::new("ces", 7).is_ok());
        assert!(QuestionScore::new("questions.speed", 6).is_err());
    }

    #[test]
    fn a_later_answer_leaves_alone_what_it_does_not_mention() {
        let mut kept =
            SurveyAnswers { overall: Some(Score::SATISFIED), comment: Some("thanks".into()), ..Default::default() };
        kept.merge(&SurveyAnswers { nps: Some(Nps::new("nps", 9).unwrap()), ..Default::default() });
        assert_eq!(kept.overall, Some(Score::SATISFIED));
        assert_eq!(kept.comment.as_deref(), Some("thanks"));
        assert_eq!(kept.nps.map(Nps::get), Some(9));
    }
}
