//! What customers say: answers to surveys and ratings of replies, the last of which takes the place of those before.

use super::{At, counted_from_1};
use crate::dimensions::TooMany;
use crate::measurements::Measurements;
use crate::measurements::chunk::{Location, Piece, Table, mark};
use crate::measurements::kinds::{Answer, Answers, Closings, Rating};
use crate::ticket_facts::{AnsweredField, ClosingFacts, GivenScore, TicketFacts};
use daftar_eventlog::Position;
use daftar_eventlog::facts::{ReplyRated, SurveySubmitted};

impl Measurements {
    pub(super) fn rated(&mut self, at: At, ticket: &mut TicketFacts, rated: &ReplyRated) {
        let Some(reply) = counted_from_1(&mut ticket.replies, rated.reply) else { return };
        let Some(in_force) = reply.rateable else { return };
        let (scale, score) = (rated.rating.scale, rated.rating.score);
        ticket.last_score = Some(GivenScore { at: at.at, scale, score });
        let first = reply.rating.is_none();
        let rating = Rating { first, scale, score: score.into(), superseded: Position::ZERO };
        let location = self.ratings.push(at.moment(in_force), rating);
        if let Some(earlier) = reply.rating.replace(location) {
            self.ratings.change(earlier, |ratings, row| mark(&mut ratings.values.superseded, row, at.position));
        }
    }

    /// A first answer to a closing is taken whenever it comes; a changed one until the ticket's next reopening.
    pub(super) fn survey_submitted(
        &mut self,
        at: At,
        ticket: &mut TicketFacts,
        survey: &SurveySubmitted<'_>,
    ) -> Result<(), TooMany> {
        let Some(closing) = counted_from_1(&mut ticket.closings, survey.closing) else { return Ok(()) };
        if *closing.answered_after.get_or_insert(ticket.reopenings) != ticket.reopenings {
            return Ok(());
        }
        let answer = |closings: &mut Piece<Closings>, row| mark(&mut closings.values.answered, row, at.position);
        self.closings.change(closing.location, answer);
        let moment = at.moment(closing.in_force);
        let mut given = |field, scale, score, choices| {
            let first = closing.answers.iter().all(|(answered, _)| *answered != field);
            let superseded = Position::ZERO;
            let answer = Answer { closing: closing.number, first, field, scale, score, choices, superseded };
            let location = self.answers.push(moment, answer);
            supersede(&mut self.answers, closing, field, location, at.position);
        };
        if let Some(overall) = survey.overall {
            ticket.last_score = Some(GivenScore { at: at.at, scale: overall.scale, score: overall.score });
            given(AnsweredField::Overall, overall.scale, u16::from(overall.score), 0);
        }
        if let Some(nps) = survey.nps {
            given(AnsweredField::Nps, 0, u16::from(nps), 0);
        }
        if let Some(ces) = survey.ces {
            given(AnsweredField::Ces, 0, u16::from(ces), 0);
        }
        for (question, score) in &survey.questions {
            given(AnsweredField::Question(self.dimensions.questions.wide(question)?), 0, *score, 0);
        }
        for (question, choices) in &survey.choices {
            let question = self.dimensions.questions.wide(question)?;
            given(AnsweredField::Choice(question), 0, 0, self.dimensions.choice_set(choices)?);
        }
        Ok(())
    }
}

/// Puts the answer at `location` in the place of the earlier one to the same field.
fn supersede(
    answers: &mut Table<Answers>,
    closing: &mut ClosingFacts,
    field: AnsweredField,
    location: Location,
    position: Position,
) {
    match closing.answers.iter_mut().find(|(answered, _)| *answered == field) {
        Some((_, last)) => {
            answers.change(*last, |answers, row| mark(&mut answers.values.superseded, row, position));
            *last = location;
        }
        None => closing.answers.push((field, location)),
    }
}
