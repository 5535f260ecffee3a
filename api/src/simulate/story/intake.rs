//! How a ticket comes in: opened, acknowledged, thrown out, sorted and given to somebody.

use super::{Case, Clock, Desk, HOURS, MINUTE};
use crate::simulate::commands::{add_tag, close_quietly, message, note, reason};
use crate::simulate::people::BRANCHES;
use crate::simulate::texts::phrases::{NOTE, RECEIVED};
use daftar_domain::ids::{BranchId, DepartmentId, TicketId};
use daftar_domain::ticket::{Action, Change, Priority};

impl Case<'_> {
    pub(super) fn is_opened(&mut self) {
        let opening = Action::Open(Box::new(self.matter.opening(&mut self.chance)));
        if self.matter.channel == "phone" && self.chance.likely(0.3) {
            // Taken down by whoever picked up; the customer's own words come later.
            let agent = self.colleague();
            self.agent_does(agent, opening);
            return;
        }
        self.customer_does(opening);
        let acknowledged = match self.matter.channel {
            "email" | "web" => 0.7,
            "telegram" => 0.4,
            _ => 0.0,
        };
        if self.chance.likely(acknowledged) {
            self.wait(Clock::Waking, 3.0, 0.5);
            let received = self.matter.details.say(&RECEIVED, &mut self.chance);
            self.automation_does("acknowledgement", message(None, received, vec![]));
            self.replies += 1;
        }
    }

    /// Whether it is voided and stays so: spam, a duplicate, a test.
    pub(super) fn is_set_aside(&mut self) -> bool {
        if !self.chance.likely(0.022) {
            return false;
        }
        let why = self.chance.weighted(&[("spam", 5), ("duplicate", 3), ("test", 2)]);
        self.is_voided(why);
        if self.chance.likely(0.15) {
            self.wait(Clock::Office, 3.0 * HOURS, 0.6);
            let agent = self.colleague();
            self.agent_does(agent, Action::Restore);
            return false;
        }
        self.wait(Clock::Office, 40.0, 0.5);
        let agent = self.colleague();
        let action = match why {
            "duplicate" => close_quietly("duplicate", self.earlier_ticket()),
            _ => close_quietly("wont_fix", None),
        };
        self.agent_does(agent, action);
        true
    }

    fn is_voided(&mut self, why: &str) {
        let action = Action::Void { reason: reason(why) };
        if why == "spam" && self.chance.likely(0.5) {
            self.wait(Clock::Waking, 15.0, 0.5);
            self.automation_does("spam-filter", action);
        } else {
            self.wait(Clock::Office, 40.0 * MINUTE, 0.7);
            let agent = self.colleague();
            self.agent_does(agent, action);
        }
    }

    /// One of the tickets before, if there is any.
    pub(super) fn earlier_ticket(&mut self) -> Option<TicketId> {
        let before = self.index.min(20);
        (before > 0).then(|| Desk::ticket(self.index - 1 - self.chance.index(before)))
    }

    /// Given to somebody, who puts right what the customer could not know.
    pub(super) fn is_sorted(&mut self) {
        self.assignee();
        if self.matter.department != self.matter.topic.department {
            self.is_transferred_to(self.matter.topic.department);
        }
        if self.chance.likely(0.22) {
            self.is_tagged();
        }
        if self.chance.likely(0.09) {
            self.changes_priority();
        }
        if self.chance.likely(0.02) {
            self.changes_branch();
        }
    }

    /// Passed on to another department and somebody there.
    pub(super) fn is_transferred_to(&mut self, department: &'static str) {
        let agent = self.assignee();
        self.wait(Clock::Office, 50.0 * MINUTE * self.load, 0.8);
        self.matter.department = department;
        let department = Change::Set(DepartmentId::known_good(department));
        self.agent_does(agent, Action::Transfer { branch: Change::Keep, department });
        if self.chance.likely(0.4) {
            self.is_noted();
        }
        let next = self.colleague();
        self.is_assigned_to(next);
    }

    fn changes_branch(&mut self) {
        let agent = self.assignee();
        let branch = self.chance.weighted(&BRANCHES);
        if branch == self.matter.branch {
            return;
        }
        self.wait(Clock::Office, 30.0 * MINUTE, 0.6);
        self.matter.branch = branch;
        let branch = Change::Set(BranchId::known_good(branch));
        self.agent_does(agent, Action::Transfer { branch, department: Change::Keep });
    }

    fn is_tagged(&mut self) {
        let agent = self.assignee();
        let missing: Vec<&str> =
            self.matter.topic.tags.iter().filter(|tag| !self.matter.tags.contains(tag)).copied().collect();
        if missing.is_empty() {
            return;
        }
        let tag = self.chance.one_of(&missing);
        self.wait(Clock::Office, 3.0 * MINUTE, 0.6);
        self.matter.tags.push(tag);
        self.agent_does(agent, add_tag(tag));
    }

    fn changes_priority(&mut self) {
        let agent = self.assignee();
        let priority = match self.matter.priority {
            Priority::Low => Priority::Normal,
            Priority::Normal => Priority::High,
            Priority::High => self.chance.weighted(&[(Priority::Urgent, 2), (Priority::Normal, 1)]),
            Priority::Urgent => Priority::High,
        };
        self.wait(Clock::Office, 4.0 * MINUTE, 0.6);
        self.matter.priority = priority;
        self.agent_does(agent, Action::ChangePriority { priority });
    }

    /// An agent leaves a note for the others.
    pub(super) fn is_noted(&mut self) {
        let agent = self.assignee();
        self.wait(Clock::Office, 6.0 * MINUTE, 0.7);
        let text = self.matter.details.memo(&NOTE, &mut self.chance);
        self.agent_does(agent, note(text));
        self.replies += 1;
    }
}
