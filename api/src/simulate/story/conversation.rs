//! What customer and agents say to each other, round by round.

use super::{Case, Clock, HOURS, MINUTE, Talk};
use crate::simulate::commands::{message, note, of_customer};
use crate::simulate::opinion::Mood;
use crate::simulate::people::Agent;
use crate::simulate::texts::Said;
use crate::simulate::texts::phrases::{NUDGE, THANKS, VENDOR, WONT_FIX, WORKING};
use daftar_domain::ticket::{Action, HeldFor, Priority};

impl Case<'_> {
    /// Customer and agents write to each other until nothing more is to be said.
    pub(super) fn is_talked_over(&mut self) -> Talk {
        let last = self.chance.times(0.6, 6);
        for round in 0..last {
            self.is_looked_into();
            let asks = self.chance.likely(0.55);
            let topic = self.matter.topic;
            self.agent_writes(if asks { topic.asking() } else { &WORKING });
            if asks && self.chance.likely(0.12) {
                return Talk::WentSilent;
            }
            self.customer_comes_back(if asks { topic.details() } else { topic.still() }, asks);
            if round == 1 && self.chance.likely(0.08) {
                self.is_escalated();
            }
        }
        self.is_looked_into();
        self.comes_to_an_end()
    }

    fn comes_to_an_end(&mut self) -> Talk {
        let talk = self.chance.weighted(&[(Talk::Solved, 93), (Talk::WillNotBe, 4), (Talk::IsDuplicate, 3)]);
        match talk {
            Talk::WillNotBe => self.agent_writes(&WONT_FIX),
            Talk::Solved | Talk::WentSilent => self.agent_writes(&self.matter.topic.answer),
            Talk::IsDuplicate => {}
        }
        if talk == Talk::Solved && self.chance.likely(0.3) {
            self.customer_writes(&THANKS, 2.0 * HOURS, 0.0);
        }
        talk
    }

    /// What agents do before they answer: a note, a question to somebody outside.
    fn is_looked_into(&mut self) {
        if self.chance.likely(0.25) {
            self.is_noted();
        }
        if self.chance.likely(0.05) {
            self.is_held_for_third_party();
        }
    }

    fn is_held_for_third_party(&mut self) {
        let agent = self.assignee();
        self.wait(Clock::Office, 30.0 * MINUTE, 0.7);
        let text = self.matter.details.memo(&VENDOR, &mut self.chance);
        self.agent_does(agent, note(text));
        self.replies += 1;
        self.wait(Clock::Office, 40.0, 0.4);
        self.agent_does(agent, Action::Hold { waiting_for: HeldFor::ThirdParty });
        self.wait(Clock::Office, 9.0 * HOURS, 0.7);
        let agent = self.assignee();
        self.agent_does(agent, Action::Resume);
    }

    fn is_escalated(&mut self) {
        let department = if self.matter.department == "technical" { "billing" } else { "technical" };
        self.is_transferred_to(department);
    }

    /// The agent's public reply, and what the customer thinks of it.
    fn agent_writes(&mut self, what: &Said) {
        let agent = self.assignee();
        let seconds = self.time_to_answer(agent) * self.chance.spread(0.8);
        self.answer_takes(seconds);
        // Long ago assigned, and gone meanwhile: somebody else answers.
        let agent = self.assignee();
        let text = self.matter.details.letter(what, &mut self.chance);
        self.agent_does(agent, message(Some(self.matter.channel()), text, vec![]));
        self.replies += 1;
        let waited = self.hours_since(self.waiting_since);
        self.longest_wait = self.longest_wait.max(waited);
        self.is_rated(agent, waited);
    }

    /// The agent's time passes; a customer who waits too long writes again meanwhile.
    fn answer_takes(&mut self, seconds: f64) {
        let answered = Clock::Office.after(self.at, seconds);
        let hours = self.hours_since(answered).abs();
        if hours > 14.0 && self.chance.likely(0.22) {
            let nudged = Clock::Waking.after(self.at, hours * HOURS * 0.3);
            if nudged < answered {
                self.at = nudged;
                let text = self.matter.details.say(&NUDGE, &mut self.chance);
                self.act(of_customer(message(None, text, vec![])));
                self.replies += 1;
            }
        }
        self.at = self.at.max(answered);
    }

    /// How much of an agent's time goes by before an answer, in seconds, mostly spent on others.
    fn time_to_answer(&self, agent: &Agent) -> f64 {
        let base = match self.matter.priority {
            Priority::Urgent => 25.0 * MINUTE,
            Priority::High => 55.0 * MINUTE,
            Priority::Normal => 2.0 * HOURS,
            Priority::Low => 3.5 * HOURS,
        };
        let tier = match self.matter.customer.tier {
            Some("gold") => 0.65,
            Some("silver") => 0.85,
            _ => 1.0,
        };
        let channel = match self.matter.channel {
            "chat" => 0.12,
            "phone" => 0.25,
            "telegram" => 0.6,
            _ => 1.0,
        };
        base * tier * channel * agent.slowness * self.load
    }

    fn is_rated(&mut self, agent: &Agent, waited: f64) {
        if !self.chance.likely(0.24) {
            return;
        }
        let reply = self.replies;
        let mood = Mood::after(agent.skill, waited, self.matter.customer.mildness, &mut self.chance);
        let rating = mood.rating(&mut self.chance);
        self.wait(Clock::Waking, 12.0 * MINUTE, 0.9);
        self.customer_does(Action::RateReply { reply, rating });
    }

    /// The customer answers, sometimes only after the ticket was held for them.
    fn customer_comes_back(&mut self, what: &Said, was_asked: bool) {
        if was_asked && self.chance.likely(0.17) {
            self.is_held_for_customer();
        }
        let slow = match self.matter.channel {
            "chat" | "phone" => 0.2,
            _ => 1.0,
        };
        self.customer_writes(what, 3.5 * HOURS * slow, 0.12);
    }

    fn is_held_for_customer(&mut self) {
        let agent = self.assignee();
        self.wait(Clock::Office, MINUTE, 0.5);
        self.agent_does(agent, Action::Hold { waiting_for: HeldFor::Customer });
        if self.chance.likely(0.15) {
            self.wait(Clock::Office, 8.0 * HOURS, 0.5);
            let agent = self.assignee();
            self.agent_does(agent, Action::Resume);
        }
    }

    fn customer_writes(&mut self, what: &Said, median: f64, with_files: f64) {
        self.wait(Clock::Waking, median, 1.1);
        self.waiting_since = self.at;
        let text = self.matter.details.say(what, &mut self.chance);
        let attachments = self.matter.attachments(with_files, &mut self.chance);
        self.customer_does(message(Some(self.matter.channel()), text, attachments));
        self.replies += 1;
    }
}
