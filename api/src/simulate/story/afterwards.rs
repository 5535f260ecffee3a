//! How a ticket ends, what the customer says of it, and whether it is really over.

use super::{Case, Clock, HOURS, MINUTE, Talk};
use crate::simulate::commands::{close, close_quietly, message, message_reopening, of_customer, reason};
use crate::simulate::opinion::{Mood, better, is_dissatisfied};
use crate::simulate::texts::phrases::{AGAIN, FOLLOWED_UP, REMINDER, THANKS};
use daftar_domain::satisfaction::{Score, SurveyAnswers};
use daftar_domain::ticket::{Action, Means};

/// A day of the customers', in seconds: they sleep through a third of it.
const WAKING_DAY: f64 = 17.0 * HOURS;

impl Case<'_> {
    /// Closed by somebody, and what the customer says of it.
    pub(super) fn is_closed(&mut self, talk: Talk) {
        let offered = match talk {
            Talk::Solved => self.ends_well(),
            Talk::WentSilent => self.ends_in_silence(),
            Talk::WillNotBe => self.agent_closes(close("wont_fix")),
            Talk::IsDuplicate => {
                let duplicate_of = self.earlier_ticket();
                self.agent_closes(close_quietly("duplicate", duplicate_of))
            }
        };
        let answered = if talk == Talk::WentSilent { 0.15 } else { 0.41 };
        if offered && self.chance.likely(answered) {
            self.is_surveyed();
        }
    }

    /// The ends of solved tickets; says whether a survey was offered.
    fn ends_well(&mut self) -> bool {
        match self.chance.weighted(&[("agent", 88), ("automation", 8), ("customer", 4)]) {
            "agent" if self.chance.likely(0.05) => self.agent_closes(close_quietly("solved", None)),
            "agent" => self.agent_closes(close("solved")),
            "automation" => {
                self.wait(Clock::Waking, 3.0 * WAKING_DAY, 0.05);
                self.automation_does("auto-close", close("solved"));
                true
            }
            _ => {
                self.wait(Clock::Waking, 3.0 * HOURS, 1.0);
                self.customer_does(close("solved"));
                true
            }
        }
    }

    fn ends_in_silence(&mut self) -> bool {
        self.wait(Clock::Waking, 3.0 * WAKING_DAY, 0.05);
        let text = self.matter.details.say(&REMINDER, &mut self.chance);
        self.automation_does("reminder", message(None, text, vec![]));
        self.replies += 1;
        self.wait(Clock::Waking, 3.0 * WAKING_DAY, 0.05);
        self.automation_does("auto-close", close("no_answer"));
        true
    }

    fn agent_closes(&mut self, action: Action) -> bool {
        let offered = matches!(action, Action::Close { survey_offered: true, .. });
        self.wait(Clock::Office, 2.0 * HOURS, 1.0);
        let agent = self.assignee();
        self.agent_does(agent, action);
        offered
    }

    fn is_surveyed(&mut self) {
        let mood = self.mood();
        let whole = mood.survey(&self.matter.details, &mut self.chance);
        let median = self.chance.weighted(&[(45.0 * MINUTE, 60), (2.0 * WAKING_DAY, 40)]);
        self.wait(Clock::Waking, median, 0.9);
        let overall = whole.overall;
        if self.chance.likely(0.12) {
            // One click in the message first, the questionnaire days later.
            self.submits(SurveyAnswers { overall, ..SurveyAnswers::default() });
            self.wait(Clock::Waking, 2.0 * WAKING_DAY, 0.7);
            let rest = SurveyAnswers { overall: None, ..whole };
            if rest != SurveyAnswers::default() {
                self.submits(rest);
            }
        } else {
            self.submits(whole);
        }
        if let Some(overall) = overall.filter(|score| is_dissatisfied(*score)) {
            self.is_followed_up(overall);
        }
    }

    fn submits(&mut self, answers: SurveyAnswers) {
        self.act(of_customer(Action::SubmitSurvey { closing: None, answers: Box::new(answers) }));
    }

    /// Somebody gets in touch with a dissatisfied customer, who may think better of it.
    fn is_followed_up(&mut self, overall: Score) {
        if !self.chance.likely(0.6) {
            return;
        }
        self.wait(Clock::Office, 6.0 * HOURS, 0.9);
        let agent = self.colleague();
        let means = self.chance.weighted(&[(Means::Call, 9), (Means::Message, 7), (Means::Visit, 1), (Means::None, 3)]);
        let note = (means != Means::None).then(|| self.matter.details.memo(&FOLLOWED_UP, &mut self.chance));
        self.agent_does(agent, Action::RecordFollowUp { means, note });
        if means != Means::None && self.chance.likely(0.3) {
            self.wait(Clock::Waking, 5.0 * HOURS, 0.9);
            let comment = self.chance.likely(0.4).then(|| self.matter.details.say(&THANKS, &mut self.chance));
            self.submits(SurveyAnswers { overall: Some(better(overall)), comment, ..SurveyAnswers::default() });
        }
    }

    /// Whether the customer opens it again.
    pub(super) fn is_opened_again(&mut self) -> bool {
        let likely = if self.mood().is_bad() { 0.26 } else { 0.06 };
        if !self.chance.likely(likely) {
            return false;
        }
        self.wait(Clock::Waking, 1.2 * WAKING_DAY, 1.0);
        let text = self.matter.details.say(&AGAIN, &mut self.chance);
        if self.chance.likely(0.75) {
            self.customer_does(message_reopening(Some(self.matter.channel()), text));
        } else {
            self.customer_does(Action::Reopen { reason: Some(reason("not_solved")) });
            self.wait(Clock::Waking, 40.0, 0.5);
            self.customer_does(message(Some(self.matter.channel()), text, vec![]));
        }
        self.replies += 1;
        self.waiting_since = self.at;
        self.longest_wait = 0.0;
        true
    }

    /// How the customer feels about the ticket as a whole.
    fn mood(&mut self) -> Mood {
        let skill = self.agent.map_or(0.0, |agent| agent.skill);
        Mood::after(skill, self.longest_wait, self.matter.customer.mildness, &mut self.chance)
    }
}
