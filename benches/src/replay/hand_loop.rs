//! The bound of a replay: a loop written by hand over columns in memory, with a dense index by ticket.

use super::{Figures, Groups};
use crate::desk::{AGENTS, Columns, DEPARTMENTS, Did, Names};
use chrono::{DateTime, Datelike as _};

const DAY: i64 = 86_400_000_000;
/// A good answer on the scale of five.
const POSITIVE_FROM: u8 = 4;
/// No closing.
const NONE: u32 = u32::MAX;

/// What the loop counts, by number: groups are `month * DEPARTMENTS + department`.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    months: Months,
    /// Answers and good ones of each agent.
    csat: Vec<[u64; 2]>,
    /// Count, mean, median and 90th percentile in seconds; none: no value.
    first_response: Vec<Option<[f64; 4]>>,
    full_resolution: Vec<Option<[f64; 4]>>,
    /// Tickets first closed then, and those of them that were reopened.
    reopen_rate: Vec<[u64; 2]>,
}

/// A ticket while the loop runs.
#[derive(Debug, Clone, Copy)]
struct Ticket {
    opened: i64,
    department: u16,
    replied: bool,
    reopened: bool,
    closed: bool,
    closings: u32,
    /// Its last closing, as an index into all of them.
    last: u32,
    /// Its first closing's group.
    first_group: u32,
    last_group: u32,
    last_closed: i64,
}

const UNOPENED: Ticket = Ticket {
    opened: 0,
    department: 0,
    replied: false,
    reopened: false,
    closed: false,
    closings: 0,
    last: NONE,
    first_group: 0,
    last_group: 0,
    last_closed: 0,
};

#[derive(Debug, Clone, Copy)]
struct Closing {
    agent: u16,
    /// The last answer; 0: none.
    score: u8,
    /// The ticket's closing before it.
    before: u32,
}

struct Loop {
    months: Months,
    tickets: Vec<Ticket>,
    closings: Vec<Closing>,
    first_responses: Vec<Vec<i64>>,
}

impl Counted {
    /// Everything, from the columns of `tickets` tickets.
    #[must_use]
    pub fn of(columns: &Columns, tickets: usize) -> Self {
        let months = Months::of(&columns.instant);
        let first_responses = vec![Vec::new(); months.groups()];
        let mut counting = Loop { months, tickets: vec![UNOPENED; tickets], closings: Vec::new(), first_responses };
        for row in 0..columns.stream.len() {
            counting.row(columns, row);
        }
        counting.counted()
    }

    /// The same by name.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let names = Names::default();
        let agents = self.csat.iter().zip(0..).filter(|(counts, _)| counts[0] > 0);
        let csat = agents.map(|(counts, agent)| (vec![names.agent(agent).to_owned()], counts.map(float).to_vec()));
        let first_response = self.first_response.iter().map(|figures| figures.map(|figures| figures.to_vec()));
        let full_resolution = self.full_resolution.iter().map(|figures| figures.map(|figures| figures.to_vec()));
        let reopen_rate = self.reopen_rate.iter().map(|n| (n[0] > 0).then(|| n.map(float).to_vec()));
        Figures {
            csat: csat.collect(),
            first_response: self.named(&names, first_response),
            full_resolution: self.named(&names, full_resolution),
            reopen_rate: self.named(&names, reopen_rate),
        }
    }

    fn named(&self, names: &Names, groups: impl Iterator<Item = Option<Vec<f64>>>) -> Groups {
        let named = |(n, figures): (usize, Option<Vec<f64>>)| {
            let department = u16::try_from(n % usize::from(DEPARTMENTS)).unwrap();
            let month = self.months.name(n / usize::from(DEPARTMENTS));
            Some((vec![names.department(department).to_owned(), month], figures?))
        };
        groups.enumerate().filter_map(named).collect()
    }
}

impl Loop {
    fn row(&mut self, columns: &Columns, row: usize) {
        let (at, ticket) = (columns.instant[row], &mut self.tickets[columns.stream[row] as usize]);
        match columns.did[row] {
            Did::Opened => (ticket.opened, ticket.department) = (at, columns.department[row]),
            Did::Transferred => ticket.department = columns.department[row],
            Did::Replied if !ticket.replied => {
                ticket.replied = true;
                let group = self.months.group(at, ticket.department);
                self.first_responses[group as usize].push(at - ticket.opened);
            }
            Did::Closed => {
                let group = self.months.group(at, ticket.department);
                if ticket.closings == 0 {
                    ticket.first_group = group;
                }
                let closing = u32::try_from(self.closings.len()).unwrap();
                self.closings.push(Closing { agent: columns.agent[row], score: 0, before: ticket.last });
                (ticket.closed, ticket.closings, ticket.last) = (true, ticket.closings + 1, closing);
                (ticket.last_closed, ticket.last_group) = (at, group);
            }
            Did::Reopened => (ticket.closed, ticket.reopened) = (false, true),
            Did::Answered => {
                let mut closing = ticket.last;
                for _ in columns.closing[row]..ticket.closings {
                    closing = self.closings[closing as usize].before;
                }
                self.closings[closing as usize].score = columns.score[row];
            }
            Did::Replied | Did::Other => {}
        }
    }

    fn counted(self) -> Counted {
        let mut csat = vec![[0; 2]; usize::from(AGENTS)];
        for closing in self.closings.iter().filter(|closing| closing.score > 0) {
            let [answers, positive] = &mut csat[usize::from(closing.agent)];
            *answers += 1;
            *positive += u64::from(closing.score >= POSITIVE_FROM);
        }
        let mut resolutions = vec![Vec::new(); self.months.groups()];
        let mut reopen_rate = vec![[0; 2]; self.months.groups()];
        for ticket in self.tickets.iter().filter(|ticket| ticket.closings > 0) {
            let [of, reopened] = &mut reopen_rate[ticket.first_group as usize];
            *of += 1;
            *reopened += u64::from(ticket.reopened);
            if ticket.closed {
                resolutions[ticket.last_group as usize].push(ticket.last_closed - ticket.opened);
            }
        }
        let all = |groups: Vec<Vec<i64>>| groups.into_iter().map(distribution).collect();
        let (first_response, full_resolution) = (all(self.first_responses), all(resolutions));
        Counted { months: self.months, csat, first_response, full_resolution, reopen_rate }
    }
}

/// Count, mean, median and 90th percentile (Hyndman and Fan, type 7) of microseconds, in seconds.
fn distribution(mut values: Vec<i64>) -> Option<[f64; 4]> {
    if values.is_empty() {
        return None;
    }
    let sum: i128 = values.iter().copied().map(i128::from).sum();
    let mean = sum as f64 / values.len() as f64 / 1e6;
    // The greater one first: then what lies below the lesser one is in its part already.
    let p90 = percentile(&mut values, 9, 10);
    let p50 = percentile(&mut values, 1, 2);
    Some([float(values.len() as u64), mean, p50, p90])
}

/// The percentile at `of / parts` of the way from the least value to the greatest, in seconds.
fn percentile(values: &mut [i64], of: usize, parts: usize) -> f64 {
    let way = (values.len() - 1) * of;
    let (_, low, above) = values.select_nth_unstable(way / parts);
    let next = above.iter().min().unwrap_or(low);
    (*low as f64 + (*next - *low) as f64 * (way % parts) as f64 / parts as f64) / 1e6
}

const fn float(count: u64) -> f64 {
    count as f64
}

/// The months that a history lies in, found by day.
#[derive(Debug, Clone, PartialEq)]
struct Months {
    first_day: i64,
    /// The month of each day, counted from the first.
    of_day: Vec<u32>,
    /// Year and month of each month.
    labels: Vec<(i32, u32)>,
}

impl Months {
    fn of(instants: &[i64]) -> Self {
        let (first, last) =
            instants.iter().fold((i64::MAX, i64::MIN), |(least, most), at| (least.min(*at), most.max(*at)));
        let (first_day, last_day) = (first.div_euclid(DAY), last.div_euclid(DAY));
        let mut months = Self { first_day, of_day: Vec::new(), labels: Vec::new() };
        for day in first_day..=last_day {
            let date = DateTime::from_timestamp_micros(day * DAY).unwrap();
            let label = (date.year(), date.month());
            if months.labels.last() != Some(&label) {
                months.labels.push(label);
            }
            months.of_day.push(u32::try_from(months.labels.len() - 1).unwrap());
        }
        months
    }

    fn groups(&self) -> usize {
        self.labels.len() * usize::from(DEPARTMENTS)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no instant lies before the first day")]
    fn group(&self, at: i64, department: u16) -> u32 {
        self.of_day[(at.div_euclid(DAY) - self.first_day) as usize] * u32::from(DEPARTMENTS) + u32::from(department)
    }

    fn name(&self, month: usize) -> String {
        let (year, month) = self.labels[month];
        format!("{year:04}-{month:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-01-31T12:00:00Z, in microseconds.
    const NOON: i64 = 1_738_324_800_000_000;
    const HOUR: i64 = 3_600_000_000;

    /// Two tickets worked out by hand: one moves before its answer, is closed, answered twice, reopened and closed again in
    /// the next month; one is answered and stays open.
    fn columns() -> Columns {
        let rows = [
            (0, Did::Opened, 0, 0, 1, 0, 0),
            (0, Did::Transferred, 1, 0, 2, 0, 0),
            (0, Did::Replied, 2, 7, 0, 0, 0),
            (0, Did::Replied, 3, 8, 0, 0, 0),
            (0, Did::Closed, 4, 8, 0, 0, 0),
            (0, Did::Reopened, 6, 0, 0, 0, 0),
            (0, Did::Closed, 24, 9, 0, 0, 0),
            (0, Did::Answered, 25, 0, 0, 5, 2),
            (0, Did::Answered, 26, 0, 0, 5, 1),
            (0, Did::Answered, 27, 0, 0, 3, 1),
            (1, Did::Opened, 0, 0, 2, 0, 0),
            (1, Did::Other, 1, 0, 0, 0, 0),
            (1, Did::Replied, 4, 7, 0, 0, 0),
        ];
        let mut columns = Columns::default();
        for (stream, did, hours, agent, department, score, closing) in rows {
            columns.stream.push(stream);
            columns.did.push(did);
            columns.instant.push(NOON + hours * HOUR);
            columns.agent.push(agent);
            columns.department.push(department);
            columns.score.push(score);
            columns.closing.push(closing);
        }
        columns
    }

    #[test]
    fn the_loop_counts_what_a_person_counts() {
        let figures = Counted::of(&columns(), 2).figures();
        let group = |month: &str| vec!["department-002".to_owned(), month.to_owned()];
        let agent = |agent: &str| vec![agent.to_owned()];
        // Two and four hours: the mean and the median lie between, nine tenths of the way at 3.8 hours.
        let first = Groups::from([(group("2025-01"), vec![2.0, 10_800.0, 10_800.0, 13_680.0])]);
        assert_eq!(figures.first_response, first);
        assert_eq!(
            figures.full_resolution,
            Groups::from([(group("2025-02"), vec![1.0, 86_400.0, 86_400.0, 86_400.0])])
        );
        assert_eq!(figures.reopen_rate, Groups::from([(group("2025-01"), vec![1.0, 1.0])]));
        // The first closing's last answer is a 3, by the agent who closed it.
        let csat = Groups::from([(agent("agent-008"), vec![1.0, 0.0]), (agent("agent-009"), vec![1.0, 1.0])]);
        assert_eq!(figures.csat, csat);
    }
}
