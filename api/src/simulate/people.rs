//! Who works at the made-up help desk, and who writes to it.

use super::chance::Chance;
use daftar_domain::ids::{AgentId, CustomerId};

/// The stream of chance that customers are drawn from.
const STREAM: u64 = 2;
/// The number of the first customer.
const FIRST_CUSTOMER: u32 = 1_001;
/// The day an agent leaves who stays.
const STAYS: u32 = u32::MAX;

/// The branches, and how many of the customers are theirs.
pub(super) const BRANCHES: [(&str, u32); 5] =
    [("tehran", 44), ("isfahan", 17), ("mashhad", 16), ("shiraz", 13), ("tabriz", 10)];

/// The departments.
pub(super) const DEPARTMENTS: [&str; 4] = ["technical", "billing", "sales", "delivery"];

/// Somebody who works at the desk.
pub(super) struct Agent {
    name: &'static str,
    /// Where they sit.
    pub(super) branch: &'static str,
    /// What they know.
    pub(super) department: &'static str,
    /// How well they help, -1 to 1.
    pub(super) skill: f64,
    /// How long they take against the others.
    pub(super) slowness: f64,
    /// How much of the work they take: 10 full time.
    share: u32,
    /// The days between which they are there, from the beginning of the window.
    there: (u32, u32),
}

#[rustfmt::skip]
const AGENTS: [Agent; 24] = [
    agent("sara", "tehran", "technical", 0.9, 0.6, 10, (0, STAYS)),
    agent("reza", "tehran", "technical", 0.1, 1.0, 10, (0, STAYS)),
    agent("maryam", "tehran", "technical", 0.5, 0.8, 6, (0, STAYS)),
    agent("hamid", "isfahan", "technical", -0.3, 1.3, 10, (0, 330)),
    agent("نیلوفر", "isfahan", "technical", 0.4, 0.9, 10, (300, STAYS)),
    agent("kaveh", "mashhad", "technical", -0.7, 1.7, 10, (0, STAYS)),
    agent("parisa", "shiraz", "technical", 0.6, 1.1, 10, (120, STAYS)),
    agent("babak", "tabriz", "technical", 0.0, 1.2, 5, (0, STAYS)),
    agent("زهرا", "tehran", "billing", 0.8, 0.7, 10, (0, STAYS)),
    agent("ali", "tehran", "billing", -0.4, 1.4, 10, (0, 420)),
    agent("mina", "tehran", "billing", 0.3, 0.9, 10, (390, STAYS)),
    agent("farhad", "isfahan", "billing", 0.1, 1.0, 10, (0, STAYS)),
    agent("elham", "mashhad", "billing", 0.5, 0.9, 4, (60, STAYS)),
    agent("omid", "shiraz", "billing", -0.6, 1.5, 8, (0, STAYS)),
    agent("leila", "tehran", "sales", 0.7, 0.7, 10, (0, STAYS)),
    agent("امیر", "isfahan", "sales", 0.0, 1.1, 10, (0, 250)),
    agent("navid", "mashhad", "sales", 0.2, 1.0, 10, (230, STAYS)),
    agent("shirin", "shiraz", "sales", 0.4, 1.2, 5, (0, STAYS)),
    agent("hossein", "tehran", "delivery", -0.2, 1.2, 10, (0, STAYS)),
    agent("نرگس", "tehran", "delivery", 0.6, 0.8, 10, (150, STAYS)),
    agent("yasaman", "tabriz", "delivery", 0.3, 0.9, 10, (0, STAYS)),
    agent("saeed", "mashhad", "delivery", -0.8, 1.8, 9, (0, 480)),
    agent("arash", "isfahan", "delivery", 0.1, 1.0, 10, (0, STAYS)),
    agent("fatemeh.k", "shiraz", "delivery", 0.5, 1.0, 6, (440, STAYS)),
];

const fn agent(
    name: &'static str,
    branch: &'static str,
    department: &'static str,
    skill: f64,
    slowness: f64,
    share: u32,
    there: (u32, u32),
) -> Agent {
    Agent { name, branch, department, skill, slowness, share, there }
}

impl Agent {
    /// Their id.
    pub(super) fn id(&self) -> AgentId {
        AgentId::known_good(self.name)
    }

    /// Whether they work at the desk on that day of the window.
    pub(super) const fn is_there(&self, day: u32) -> bool {
        self.there.0 <= day && day < self.there.1
    }

    /// The agent of that id, if the desk has them.
    pub(super) fn known_as(id: &AgentId) -> Option<&'static Self> {
        AGENTS.iter().find(|agent| agent.name == id.as_str())
    }

    /// Somebody of the department who is there, rather one of the branch.
    pub(super) fn for_work(branch: &str, department: &str, day: u32, chance: &mut Chance) -> &'static Self {
        let weight = |agent: &Self| match agent.is_there(day) && agent.department == department {
            true if agent.branch == branch => agent.share * 5,
            true => agent.share,
            false => 0,
        };
        &AGENTS[chance.by_weight(AGENTS.iter().map(weight))]
    }
}

/// The languages spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    /// Most customers.
    Persian,
    /// A quarter.
    English,
    /// A few.
    Arabic,
}

impl Tongue {
    /// As BCP 47 writes it.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Persian => "fa",
            Self::English => "en",
            Self::Arabic => "ar",
        }
    }

    /// The language of that tag; Persian where it is none of the three.
    pub(super) fn of(code: &str) -> Self {
        [Self::English, Self::Arabic].into_iter().find(|tongue| tongue.code() == code).unwrap_or(Self::Persian)
    }
}

/// Somebody who writes to the desk, the same whenever they do.
pub(super) struct Customer {
    number: u32,
    /// What they speak.
    pub(super) tongue: Tongue,
    /// Their tier, if they have one.
    pub(super) tier: Option<&'static str>,
    /// Their branch.
    pub(super) branch: &'static str,
    /// How mildly they judge, around 0.
    pub(super) mildness: f64,
    channel: &'static str,
}

impl Customer {
    /// One of `count` customers, some of whom write far more often than others.
    pub(super) fn any_of(count: u32, seed: u64, chance: &mut Chance) -> Self {
        let often = chance.between(0, count - 1).min(chance.between(0, count - 1));
        Self::numbered(FIRST_CUSTOMER + often, seed)
    }

    fn numbered(number: u32, seed: u64) -> Self {
        let mut chance = Chance::new(seed, STREAM, u64::from(number));
        Self {
            number,
            tongue: chance.weighted(&[(Tongue::Persian, 70), (Tongue::English, 25), (Tongue::Arabic, 5)]),
            tier: chance.weighted(&[(Some("gold"), 10), (Some("silver"), 22), (Some("bronze"), 38), (None, 30)]),
            branch: chance.weighted(&BRANCHES),
            mildness: chance.normal(),
            channel: any_channel(&mut chance),
        }
    }

    /// Their id.
    pub(super) fn id(&self) -> CustomerId {
        CustomerId::known_good(&format!("c-{}", self.number))
    }

    /// The channel they take this time: mostly the one they like.
    pub(super) fn channel(&self, chance: &mut Chance) -> &'static str {
        if chance.likely(0.65) { self.channel } else { any_channel(chance) }
    }
}

fn any_channel(chance: &mut Chance) -> &'static str {
    chance.weighted(&[("email", 30), ("web", 22), ("chat", 20), ("phone", 17), ("telegram", 11)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_department_has_somebody_on_every_day() {
        for department in DEPARTMENTS {
            for day in 0..=600 {
                assert!(AGENTS.iter().any(|agent| agent.department == department && agent.is_there(day)));
            }
        }
    }

    #[test]
    fn ids_keep_the_rule_of_ids() {
        for agent in &AGENTS {
            assert!(AgentId::parse("agent", agent.name).is_ok(), "{}", agent.name);
            assert!(BRANCHES.iter().any(|(branch, _)| *branch == agent.branch), "{}", agent.name);
        }
    }

    #[test]
    fn customers_are_the_same_each_time_they_write() {
        let (once, again) = (Customer::numbered(1_234, 7), Customer::numbered(1_234, 7));
        assert_eq!(
            (once.tongue, once.tier, once.branch, once.channel),
            (again.tongue, again.tier, again.branch, again.channel)
        );
    }
}
