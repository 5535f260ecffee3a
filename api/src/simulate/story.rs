//! What becomes of one ticket, from its opening to its last answer.

mod afterwards;
mod conversation;
mod intake;

use super::Act;
use super::arrivals::Arrival;
use super::chance::Chance;
use super::commands::{of_agent, of_automation, of_customer};
use super::hours::{Clock, DAY, HOUR, in_seconds};
use super::matter::Matter;
use super::people::Agent;
use daftar_domain::Timestamp;
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::{Action, Command};

/// The stream of chance that stories are drawn from.
const STREAM: u64 = 4;
/// The number of the first ticket.
const FIRST_TICKET: usize = 100_001;
/// How often at most a ticket is gone through: once and two reopenings.
const CYCLES: usize = 3;
/// A minute in seconds.
const MINUTE: f64 = 60.0;
/// An hour in seconds.
const HOURS: f64 = 3_600.0;

/// What all stories have in common.
pub(super) struct Desk {
    seed: u64,
    customers: u32,
    from: Timestamp,
    until: Timestamp,
}

impl Desk {
    /// A desk that gets so many tickets between two instants; a customer writes two or three of them.
    pub(super) fn new(seed: u64, tickets: usize, from: Timestamp, until: Timestamp) -> Self {
        let customers = u32::try_from(tickets).unwrap_or(u32::MAX) / 5 * 2;
        Self { seed, customers: customers.clamp(40, 1_000_000), from, until }
    }

    /// The ticket numbered `index` from 0.
    fn ticket(index: usize) -> TicketId {
        TicketId::known_good(&format!("HD-{}", FIRST_TICKET + index))
    }
}

/// The story of ticket `index`, cut where the desk's time ends.
pub(super) fn tell(desk: &Desk, index: usize, arrival: &Arrival) -> Vec<Act> {
    let mut case = Case::new(desk, index, arrival);
    case.is_opened();
    if case.is_set_aside() {
        return case.acts;
    }
    case.is_sorted();
    for _ in 0..CYCLES {
        let talk = case.is_talked_over();
        case.is_closed(talk);
        if !case.is_opened_again() {
            break;
        }
    }
    case.acts
}

/// A ticket whose story is being told, at the instant the story has come to.
struct Case<'d> {
    desk: &'d Desk,
    index: usize,
    chance: Chance,
    ticket: TicketId,
    matter: Matter,
    load: f64,
    at: Timestamp,
    acts: Vec<Act>,
    agent: Option<&'static Agent>,
    replies: u32,
    waiting_since: Timestamp,
    longest_wait: f64,
}

/// How the talk about a ticket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talk {
    Solved,
    WentSilent,
    WillNotBe,
    IsDuplicate,
}

impl<'d> Case<'d> {
    fn new(desk: &'d Desk, index: usize, arrival: &Arrival) -> Self {
        let ticket = Desk::ticket(index);
        let mut chance = Chance::new(desk.seed, STREAM, index as u64);
        let matter = Matter::brought(&ticket, desk.customers, desk.seed, &mut chance);
        Self {
            desk,
            index,
            chance,
            ticket,
            matter,
            load: arrival.load,
            at: arrival.at,
            acts: Vec::with_capacity(16),
            agent: None,
            replies: 0,
            waiting_since: arrival.at,
            longest_wait: 0.0,
        }
    }

    /// The command is given now, unless the desk's time has ended.
    fn act(&mut self, command: Command) {
        if self.at < self.desk.until {
            self.acts.push(Act { at: self.at, ticket: self.ticket.clone(), command });
        }
    }

    fn agent_does(&mut self, agent: &Agent, action: Action) {
        self.act(of_agent(agent.id(), action));
    }

    fn customer_does(&mut self, action: Action) {
        self.act(of_customer(action));
    }

    fn automation_does(&mut self, name: &str, action: Action) {
        self.act(of_automation(name, action));
    }

    /// Some time passes: `median` seconds, spread by `sigma`.
    fn wait(&mut self, clock: Clock, median: f64, sigma: f64) {
        let seconds = median * self.chance.spread(sigma);
        self.at = clock.after(self.at, seconds);
    }

    /// Somebody who is there and knows the department, whoever has the ticket.
    fn colleague(&mut self) -> &'static Agent {
        Agent::for_work(self.matter.branch, self.matter.department, self.day(), &mut self.chance)
    }

    /// Who has the ticket; it is given to somebody first where nobody has it or they have left.
    fn assignee(&mut self) -> &'static Agent {
        let day = self.day();
        if let Some(agent) = self.agent.filter(|agent| agent.is_there(day)) {
            return agent;
        }
        let agent = self.colleague();
        self.is_assigned_to(agent);
        agent
    }

    fn is_assigned_to(&mut self, agent: &'static Agent) {
        self.agent = Some(agent);
        let action = Action::Assign { agent: Some(agent.id()) };
        if self.chance.likely(0.6) {
            self.wait(Clock::Waking, 20.0, 0.5);
            self.automation_does("router", action);
        } else {
            self.wait(Clock::Office, 12.0 * MINUTE * self.load, 0.8);
            self.agent_does(agent, action);
        }
        // Some time to read it, also where somebody takes over what was about to be answered.
        self.wait(Clock::Office, 2.0 * MINUTE, 0.6);
    }

    /// The day of the window, from 0.
    fn day(&self) -> u32 {
        u32::try_from((self.at.micros() - self.desk.from.micros()) / DAY).unwrap_or_default()
    }

    /// Hours between an instant and now.
    fn hours_since(&self, then: Timestamp) -> f64 {
        in_seconds(self.at.micros() - then.micros()) / in_seconds(HOUR)
    }
}
