//! Sentences about answers, ratings, closings and what came after them.

use super::Story;
use super::deed::{Deed, Field, Given};
use super::tell::{Piece, Telling};
use crate::definition::document::PositiveFrom;
use daftar_domain::satisfaction::Scale;
use daftar_eventlog::Position;

impl Telling<'_> {
    /// An answer to a field of a closing's survey; none: the event gives none.
    pub(super) fn answer(&mut self, asked: &Field, index: usize) -> Option<Piece> {
        let (closing, field) = self.story.answered(asked, index)?;
        let mut sentences: Vec<_> = closing.map(|closing| self.event(closing)).into_iter().collect();
        let deed = self.story.steps[index].deed.with_only(&field);
        let when = self.times.at(self.story.steps[index].at);
        sentences.push(self.words.event(&deed, &when));
        sentences.extend(self.earlier_and_later(&field, index));
        Some(Piece::new(self.words.listed(&sentences), closing.into_iter().chain([index]).collect()))
    }

    /// What an answer took the place of, and what took its own.
    pub(super) fn earlier_and_later(&mut self, field: &Field, index: usize) -> Vec<String> {
        let Some(superseded) = self.story.answer_measured(field, index) else { return vec![self.words.not_taken()] };
        let Deed::Answered { closing, .. } = self.story.steps[index].deed else { return Vec::new() };
        let earlier = (0..index).rev().find(|earlier| {
            let answers = self.story.steps[*earlier].deed.answer(closing, field).is_some();
            answers && self.story.answer_measured(field, *earlier).is_some()
        });
        let given = |story: &Story, step: usize| story.steps[step].deed.answer(closing, field).cloned();
        let earlier = earlier.and_then(|step| Some((given(self.story, step)?, step)));
        let later = self.story.at_position(superseded).and_then(|step| Some((given(self.story, step)?, step)));
        self.changes(field, earlier, later)
    }

    /// A rating of a reply; none: the event is none.
    pub(super) fn rating(&mut self, index: usize) -> Option<Piece> {
        let Deed::Rated { reply, .. } = self.story.steps[index].deed else { return None };
        let reply = self.story.reply(reply);
        let mut sentences: Vec<_> = reply.map(|reply| self.event(reply)).into_iter().collect();
        sentences.push(self.event(index));
        sentences.extend(self.earlier_and_later_rating(index));
        Some(Piece::new(self.words.listed(&sentences), reply.into_iter().chain([index]).collect()))
    }

    /// What a rating took the place of, and what took its own.
    pub(super) fn earlier_and_later_rating(&mut self, index: usize) -> Vec<String> {
        let Deed::Rated { reply, .. } = self.story.steps[index].deed else { return Vec::new() };
        let superseded = self.story.measured(index).and_then(|measured| measured.rating);
        let Some(superseded) = superseded else { return vec![self.words.no_rating_counts()] };
        let given = |story: &Story, step: usize| match &story.steps[step].deed {
            Deed::Rated { reply: rated, given } if *rated == reply => Some((given.clone(), step)),
            _ => None,
        };
        let earlier = (0..index).rev().find_map(|step| given(self.story, step));
        let later = self.story.at_position(superseded).and_then(|step| given(self.story, step));
        self.changes(&Field::Overall, earlier, later)
    }

    fn changes(
        &mut self,
        field: &Field,
        earlier: Option<(Given, usize)>,
        later: Option<(Given, usize)>,
    ) -> Vec<String> {
        let mut told = Vec::new();
        if let Some((given, step)) = earlier {
            let when = self.times.at(self.story.steps[step].at);
            told.push(self.words.in_place_of(&self.words.answer(field, &given), &when));
        }
        if let Some((given, step)) = later {
            let when = self.times.at(self.story.steps[step].at);
            told.push(self.words.replaced_by(&self.words.answer(field, &given), &when));
        }
        told
    }

    /// A closing and its first answer.
    pub(super) fn survey_offered(&mut self, index: usize) -> Option<Piece> {
        let closing = self.story.measured(index)?.closing?;
        let closed = self.event(index);
        let answered = self.story.at_position(closing.answered);
        let offered = matches!(self.story.steps[index].deed, Deed::Closed { offered: true, .. });
        let then = match answered {
            Some(answer) => {
                let when = self.times.at(self.story.steps[answer].at);
                self.words.first_answered(&when)
            }
            None if offered => self.words.never_answered(),
            None => self.words.survey_not_offered(),
        };
        let events = [index].into_iter().chain(answered).collect();
        Some(Piece::new(self.words.joined(&[closed, then]), events))
    }

    /// A closing, the replies up to now where they matter, and the first reopening after it.
    pub(super) fn after_closing(&mut self, replies: bool, index: usize) -> Option<Piece> {
        self.story.measured(index)?.closing?;
        let mut clauses = vec![self.event(index)];
        if replies {
            let all = self.story.steps.iter().filter(|step| step.deed.is_public_agent_reply()).count();
            clauses.push(self.words.public_replies(all));
        }
        let reopened = self.story.first_after(index, |deed| matches!(deed, Deed::Reopened { .. }));
        clauses.push(reopened.map_or_else(|| self.words.never_reopened(), |reopened| self.event(reopened)));
        Some(Piece::new(self.words.joined(&clauses), [index].into_iter().chain(reopened).collect()))
    }

    /// A closing and the replies before it.
    pub(super) fn replies(&mut self, index: usize) -> Option<Piece> {
        let replies = self.story.measured(index)?.closing?.replies;
        let replies = usize::try_from(replies).ok()?;
        let clauses = [self.event(index), self.words.public_replies(replies)];
        Some(Piece::new(self.words.joined(&clauses), vec![index]))
    }

    /// Whether an event gives a score.
    pub(super) fn is_score(&self, index: usize) -> bool {
        self.story.verdict(index).is_some()
    }

    /// The case that an event opened or came after: a dissatisfied customer, what closed the case, and where it is
    /// asked for the better answer.
    pub(super) fn case(&mut self, index: usize, recovered: bool) -> Piece {
        let cases = self.story.cases();
        let Some(case) = cases.into_iter().rev().find(|case| case.begun <= index) else {
            return Piece::new(self.event(index), vec![index]);
        };
        let mut clauses = vec![self.event(case.begun)];
        clauses.push(case.ended.map_or_else(|| self.words.still_a_case(), |ended| self.event(ended)));
        let better = case.better.filter(|_| recovered);
        clauses.extend(better.map(|better| self.event(better)));
        Piece::new(self.words.joined(&clauses), [case.begun].into_iter().chain(case.ended).chain(better).collect())
    }
}

/// A case of the ticket: the numbers of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    /// The score that opened it.
    pub(super) begun: usize,
    /// What closed it first.
    pub(super) ended: Option<usize>,
    /// The positive score after the follow-up that closed it.
    pub(super) better: Option<usize>,
}

impl Story {
    /// The closing that an event answers, and its field that is asked for.
    fn answered(&self, asked: &Field, index: usize) -> Option<(Option<usize>, Field)> {
        let Deed::Answered { closing, given } = &self.steps[index].deed else { return None };
        let (field, _) = given.iter().find(|(field, _)| field.is_asked_by(asked))?;
        Some((self.closing(*closing), field.clone()))
    }

    /// The position of the later answer in its place (0: none), where the event's answer to a field counts.
    fn answer_measured(&self, field: &Field, index: usize) -> Option<Position> {
        let answers = &self.measured(index)?.answers;
        answers.iter().find(|(answered, _)| answered == field).map(|(_, superseded)| *superseded)
    }

    /// The event at a position; none at 0.
    pub(super) fn at_position(&self, position: Position) -> Option<usize> {
        (position != Position::ZERO).then(|| self.index(position))
    }

    fn first_after(&self, index: usize, is: impl Fn(&Deed) -> bool) -> Option<usize> {
        (index + 1..self.steps.len()).find(|later| is(&self.steps[*later].deed))
    }

    /// Whether a score that the event gives is positive; none: it gives none that counts.
    fn verdict(&self, index: usize) -> Option<bool> {
        let from = &self.definition.csat.positive_from;
        match &self.steps[index].deed {
            deed @ Deed::Answered { closing, .. } => {
                self.answer_measured(&Field::Overall, index)?;
                deed.answer(*closing, &Field::Overall).and_then(|given| is_positive(given, from))
            }
            Deed::Rated { given, .. } => {
                self.measured(index)?.rating?;
                is_positive(given, from)
            }
            _ => None,
        }
    }

    /// The ticket's cases in order, as the report `cases` has them: while one is open no other opens.
    pub(super) fn cases(&self) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        for index in 0..self.steps.len() {
            let (verdict, deed) = (self.verdict(index), &self.steps[index].deed);
            let follows_up = |step: usize| matches!(self.steps[step].deed, Deed::FollowedUp { .. });
            let ends = verdict == Some(true) || matches!(deed, Deed::FollowedUp { .. } | Deed::Reopened { .. });
            match cases.last_mut() {
                Some(Case { ended: None, .. }) if verdict == Some(false) => {}
                _ if verdict == Some(false) => cases.push(Case { begun: index, ended: None, better: None }),
                Some(case) if ends && case.ended.is_none() => case.ended = Some(index),
                Some(case) if verdict == Some(true) && case.ended.is_some_and(follows_up) => {
                    case.better.get_or_insert(index);
                }
                _ => {}
            }
        }
        cases
    }
}

/// Whether a score is positive; none: it is on no scale that has positive ones.
pub(super) fn is_positive(given: &Given, from: &PositiveFrom) -> Option<bool> {
    let Given::Score { scale, score } = given else { return None };
    let scale = Scale::ALL.get(usize::from(*scale))?;
    Some(from.is_positive(*scale, u16::from(*score)))
}
