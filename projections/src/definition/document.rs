//! The canonical definition document: every field that says what a number means, with its default.
//!
//! A field is *folded* where measurements depend on it and *asked* where they keep what it chooses among; see
//! [`Folded`].

mod parts;

use chrono::NaiveDate;
use daftar_domain::ticket::Priority;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) use parts::digits;
pub use parts::{Bound, Goal, Holiday, Hours, Unit, Within, Zone};

/// Declares a choice of words; the first is the default.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident, $($(#[$word_doc:meta])* $word:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $(#[$first_doc])* #[default] $first, $($(#[$word_doc])* $word,)* }

        impl $name {
            /// Every word, the default first.
            pub const ALL: &'static [Self] = &[Self::$first, $(Self::$word,)*];
        }
    };
}

/// Declares a section of the document.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self { Self { $($field: $default,)* } }
        }
    };
}

words! {
    /// The calendar of periods, or of a schedule's yearly holidays.
    CalendarName {
        /// The Gregorian calendar.
        Gregorian,
        /// The Solar Hijri calendar; its year starts at Nowruz.
        Jalali,
    }
}

words! {
    /// The first day of a week.
    WeekStart {
        /// Monday.
        Monday,
        /// Saturday.
        Saturday,
        /// Sunday.
        Sunday,
    }
}

words! {
    /// Which time a duration counts.
    Clock {
        /// All the time that passes.
        Calendar,
        /// Time inside the schedule that applies.
        Business,
    }
}

words! {
    /// What a ticket does while a clock stands still.
    Pause {
        /// Open, not held, waiting for the customer.
        WaitingForCustomer,
        /// Held for the customer.
        HeldForCustomer,
        /// Held for a third party.
        HeldForThirdParty,
    }
}

words! {
    /// Which moment says in which period a figure counts.
    DatedBy {
        /// The event that was measured.
        Event,
        /// The ticket's opening.
        Opened,
        /// The ticket's last closing.
        Closed,
    }
}

words! {
    /// Whose numbers a closing's answer, resolution, reopening and one-touch enter.
    Attribution {
        /// The agent who closed; where none did, the last agent who replied, else the assignee.
        Closer,
        /// The assignee at the closing.
        Assignee,
        /// The agent who replied last before the closing.
        LastReplier,
        /// The agent who replied first.
        FirstReplier,
        /// Every agent who had replied; totals count it once.
        AllRepliers,
    }
}

words! {
    /// Whose public replies count.
    Repliers {
        /// Agents'.
        Human,
        /// Agents' and automations'.
        HumanAndAutomation,
    }
}

words! {
    /// What starts the first-response clock.
    ResponseStarts {
        /// The opening.
        Opened,
        /// The first assignment to an agent.
        FirstAssigned,
        /// The opening, and again each reopening before there was a response.
        LastReopenedIfUnanswered,
    }
}

words! {
    /// What starts the first-response clock of a ticket that an agent opened.
    OpenedByAgent {
        /// The customer's first public message.
        FirstCustomerMessage,
        /// The opening, which is the first agent message.
        Opening,
        /// Nothing: there is no first response.
        None,
    }
}

words! {
    /// How many values a ticket has.
    Per {
        /// One.
        Ticket,
        /// One for each cycle, from its own opening or reopening.
        Cycle,
    }
}

words! {
    /// To whom a response is credited.
    CreditedTo {
        /// Who replied.
        Replied,
        /// The assignee at the reply.
        Assignee,
    }
}

words! {
    /// Which closing ends the full resolution.
    ResolutionEnds {
        /// The last, while the ticket stays closed.
        LastClose,
        /// The first, whatever comes after.
        FirstClose,
    }
}

words! {
    /// What the resolutions leave out.
    Excluded {
        /// Time between a closing and the reopening.
        ClosedSpans,
    }
}

words! {
    /// Which branch and department choose the schedule.
    ScheduleChosen {
        /// Those of the opening.
        AtOpening,
        /// Those of each moment: after a transfer the new department's hours.
        AtEachMoment,
        /// Those of the end event, for the whole span.
        AtEnd,
    }
}

words! {
    /// Where CSAT comes from.
    CsatSource {
        /// The overall question of surveys.
        Survey,
        /// Ratings of replies.
        ReplyRatings,
        /// Both.
        Both,
    }
}

words! {
    /// Which of several answers to the same question of one closing, or ratings of one reply, counts.
    CsatAnswer {
        /// The last.
        Last,
        /// The first.
        First,
        /// Every one.
        All,
    }
}

words! {
    /// Which end of the CES scale is good.
    CesBetter {
        /// Ease was asked: 5 to 7 are good.
        High,
        /// Effort was asked: 1 to 3 are good.
        Low,
    }
}

words! {
    /// How many public agent replies one-touch allows.
    OneTouchCounts {
        /// Exactly one.
        ExactlyOne,
        /// One or none.
        AtMostOne,
    }
}

words! {
    /// What becomes of voided tickets.
    Voided {
        /// They leave every figure until restored.
        Excluded,
        /// They count.
        Counted,
    }
}

words! {
    /// A metric that can have a target.
    TargetMetric {
        /// The first response.
        FirstResponse,
        /// Next responses.
        NextResponse,
        /// The full resolution.
        FullResolution,
    }
}

crate::columns::cell::choices!(TargetMetric: FirstResponse NextResponse FullResolution);

words! {
    /// A day of the week.
    Weekday {
        /// Monday.
        Monday,
        /// Tuesday.
        Tuesday,
        /// Wednesday.
        Wednesday,
        /// Thursday.
        Thursday,
        /// Friday.
        Friday,
        /// Saturday.
        Saturday,
        /// Sunday.
        Sunday,
    }
}

section! {
    /// How first responses are measured and credited.
    FirstResponseRules {
        /// Whose replies are responses.
        counts: Repliers = Repliers::Human,
        /// What starts the clock.
        starts: ResponseStarts = ResponseStarts::Opened,
        /// What starts it for a ticket that an agent opened.
        opened_by_agent: OpenedByAgent = OpenedByAgent::FirstCustomerMessage,
        /// How many values a ticket has.
        per: Per = Per::Ticket,
        /// To whom they are credited.
        credited_to: CreditedTo = CreditedTo::Replied,
        /// Its clock; the definition's when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        clock: Option<Clock> = None,
        /// Its pauses; the definition's when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        pauses: Option<Vec<Pause>> = None,
    }
}

section! {
    /// How next responses are measured.
    NextResponseRules {
        /// Whose public replies end a wait.
        ended_by: Repliers = Repliers::Human,
        /// Its clock; the definition's when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        clock: Option<Clock> = None,
        /// Its pauses; the definition's when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        pauses: Option<Vec<Pause>> = None,
    }
}

section! {
    /// How both resolutions and open time are measured.
    ResolutionRules {
        /// Which closing ends the full resolution.
        ends: ResolutionEnds = ResolutionEnds::LastClose,
        /// What it leaves out.
        excludes: Vec<Excluded> = Vec::new(),
        /// How many values a ticket has.
        per: Per = Per::Ticket,
        /// Their clock; the definition's when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        clock: Option<Clock> = None,
        /// Their pauses; the definition's when left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        pauses: Option<Vec<Pause>> = None,
    }
}

section! {
    /// How a ticket's schedule is chosen.
    ScheduleRules {
        /// By whose branch and department.
        chosen: ScheduleChosen = ScheduleChosen::AtOpening,
    }
}

section! {
    /// The lowest positive score of each scale.
    PositiveFrom {
        /// On the scale 0-1.
        binary: u8 = 1,
        /// On the scale 1-4.
        four: u8 = 3,
        /// On the scale 1-5.
        five: u8 = 4,
    }
}

section! {
    /// How customer satisfaction is counted.
    CsatRules {
        /// Where it comes from.
        source: CsatSource = CsatSource::Survey,
        /// Which of several answers counts.
        answer: CsatAnswer = CsatAnswer::Last,
        /// From which scores on an answer is positive.
        positive_from: PositiveFrom = PositiveFrom::default(),
    }
}

section! {
    /// How customer effort is read.
    CesRules {
        /// Which end is good.
        better: CesBetter = CesBetter::High,
    }
}

section! {
    /// What one-touch is.
    OneTouchRules {
        /// How many public agent replies it allows.
        counts: OneTouchCounts = OneTouchCounts::ExactlyOne,
    }
}

section! {
    /// How agents are ranked.
    LeaderboardRules {
        /// By which figure of a row, as a path such as `csat.low95`.
        rank_by: String = "csat.low95".to_owned(),
        /// An agent with fewer answers has no rank.
        minimum_answers: u64 = 10,
    }
}

section! {
    /// What belongs into the review queue.
    ReviewRules {
        /// An open ticket older than this is stale.
        stale_after: Within = Within::days(7),
    }
}

section! {
    /// When somebody works: weekly hours in a time zone, and what differs on some dates.
    Schedule {
        /// Its name.
        name: String = String::new(),
        /// Its IANA time zone.
        time_zone: Zone = Zone::UTC,
        /// The calendar of its yearly holidays.
        calendar: CalendarName = CalendarName::Gregorian,
        /// Branches it is for; none: any, tickets without one among them.
        branches: Vec<String> = Vec::new(),
        /// Departments it is for; none: any, tickets without one among them.
        departments: Vec<String> = Vec::new(),
        /// The first date it is valid on; none: always has been.
        from: Option<NaiveDate> = None,
        /// The last date it is valid on; none: valid from then on.
        until: Option<NaiveDate> = None,
        /// Hours of each day of the week; a day left out is closed.
        #[serde(deserialize_with = "parts::once_each")]
        weekly: BTreeMap<Weekday, Vec<Hours>> = BTreeMap::new(),
        /// Dates that are closed.
        holidays: Vec<Holiday> = Vec::new(),
        /// Hours taken away on a date.
        #[serde(deserialize_with = "parts::once_each")]
        breaks: BTreeMap<NaiveDate, Vec<Hours>> = BTreeMap::new(),
        /// Hours of a date in place of its weekly ones.
        #[serde(deserialize_with = "parts::once_each")]
        special: BTreeMap<NaiveDate, Vec<Hours>> = BTreeMap::new(),
    }
}

/// The longest a metric may take, for some tickets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Which metric.
    pub metric: TargetMetric,
    /// How long it may take.
    pub within: Within,
    /// Priorities it is for; none: any.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub priorities: Vec<PriorityName>,
    /// Departments it is for; none: any.
    #[serde(default)]
    pub departments: Vec<String>,
    /// Branches it is for; none: any.
    #[serde(default)]
    pub branches: Vec<String>,
    /// Customer tiers it is for; none: any.
    #[serde(default)]
    pub tiers: Vec<String>,
}

words! {
    /// A priority, by its name.
    PriorityName {
        /// Low.
        Low,
        /// Normal.
        Normal,
        /// High.
        High,
        /// Urgent.
        Urgent,
    }
}

impl PriorityName {
    /// The priority of that name.
    #[must_use]
    pub const fn priority(self) -> Priority {
        match self {
            Self::Low => Priority::Low,
            Self::Normal => Priority::Normal,
            Self::High => Priority::High,
            Self::Urgent => Priority::Urgent,
        }
    }
}

section! {
    /// A metric definition: what every number of a report means.
    Definition {
        /// Its name.
        name: String = "default".to_owned(),
        /// The IANA time zone of periods.
        time_zone: Zone = Zone::UTC,
        /// The calendar of periods.
        calendar: CalendarName = CalendarName::Gregorian,
        /// The first day of weeks.
        week_start: WeekStart = WeekStart::Monday,
        /// The clock of every duration whose section names none.
        clock: Clock = Clock::Calendar,
        /// The pauses of every duration whose section names none; waits, work and holds have none.
        pauses: Vec<Pause> = Vec::new(),
        /// Which moment dates a figure.
        dated_by: DatedBy = DatedBy::Event,
        /// Whose numbers a closing's figures enter.
        attribution: Attribution = Attribution::Closer,
        /// First responses.
        first_response: FirstResponseRules = FirstResponseRules::default(),
        /// Next responses.
        next_response: NextResponseRules = NextResponseRules::default(),
        /// Resolutions.
        resolution: ResolutionRules = ResolutionRules::default(),
        /// How a ticket's schedule is chosen.
        schedule: ScheduleRules = ScheduleRules::default(),
        /// Satisfaction.
        csat: CsatRules = CsatRules::default(),
        /// Effort.
        ces: CesRules = CesRules::default(),
        /// One-touch.
        one_touch: OneTouchRules = OneTouchRules::default(),
        /// Voided tickets.
        voided: Voided = Voided::Excluded,
        /// The leaderboard.
        leaderboard: LeaderboardRules = LeaderboardRules::default(),
        /// The review queue.
        review: ReviewRules = ReviewRules::default(),
        /// What figures should reach.
        goals: Vec<Goal> = Vec::new(),
        /// Schedules; the first that matches applies, and where none does it is always open.
        schedules: Vec<Schedule> = Vec::new(),
        /// Targets; the first that matches applies.
        targets: Vec<Target> = vec![Target::first_response_within_a_day()],
    }
}

impl Target {
    fn first_response_within_a_day() -> Self {
        Self {
            metric: TargetMetric::FirstResponse,
            within: Within::hours(24),
            priorities: Vec::new(),
            departments: Vec::new(),
            branches: Vec::new(),
            tiers: Vec::new(),
        }
    }
}

/// What measures a duration: a clock, and when it stands still.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Measure {
    /// The clock.
    pub clock: Clock,
    /// Sorted, each once.
    pub pauses: Vec<Pause>,
}

/// The fields of a definition that measurements depend on: definitions that agree on them share one folded state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Folded {
    /// Whose replies are first responses.
    pub counts: Repliers,
    /// What starts the first-response clock.
    pub starts: ResponseStarts,
    /// What starts it for tickets opened by agents.
    pub opened_by_agent: OpenedByAgent,
    /// How many first responses a ticket has.
    pub first_response_per: Per,
    /// Whose public replies end a wait.
    pub ended_by: Repliers,
    /// Which closing ends the full resolution; the last where each cycle has one.
    pub ends: ResolutionEnds,
    /// Whether resolutions leave out time closed.
    pub excludes_closed: bool,
    /// How many full resolutions a ticket has.
    pub resolution_per: Per,
    /// The clock of waits, work and holds.
    pub clock: Clock,
    /// First responses.
    pub first_response: Measure,
    /// Next responses.
    pub next_response: Measure,
    /// Both resolutions and open time.
    pub resolution: Measure,
    /// How a ticket's schedule is chosen.
    pub chosen: ScheduleChosen,
    /// Schedules; business days read them under any clock.
    pub schedules: Vec<Schedule>,
}

impl Definition {
    /// Its folded fields, as far as they make a difference.
    #[must_use]
    pub fn folded(&self) -> Folded {
        let measure = |clock: Option<Clock>, pauses: &Option<Vec<Pause>>| {
            let mut pauses = pauses.as_ref().unwrap_or(&self.pauses).clone();
            pauses.sort_unstable();
            pauses.dedup();
            Measure { clock: clock.unwrap_or(self.clock), pauses }
        };
        let (first, next, resolution) = (&self.first_response, &self.next_response, &self.resolution);
        let mut folded = Folded {
            counts: first.counts,
            starts: first.starts,
            opened_by_agent: first.opened_by_agent,
            first_response_per: first.per,
            ended_by: next.ended_by,
            ends: if resolution.per == Per::Cycle { ResolutionEnds::LastClose } else { resolution.ends },
            excludes_closed: resolution.excludes.contains(&Excluded::ClosedSpans),
            resolution_per: resolution.per,
            clock: self.clock,
            first_response: measure(first.clock, &first.pauses),
            next_response: measure(next.clock, &next.pauses),
            resolution: measure(resolution.clock, &resolution.pauses),
            chosen: self.schedule.chosen,
            schedules: self.schedules.clone(),
        };
        if folded.schedules.is_empty() {
            folded.chosen = ScheduleChosen::AtOpening;
        }
        folded
    }
}

impl Folded {
    /// Whether any duration is measured in business time.
    #[must_use]
    pub fn reads_schedules(&self) -> bool {
        let clocks = [self.clock, self.first_response.clock, self.next_response.clock, self.resolution.clock];
        clocks.contains(&Clock::Business)
    }
    /// Whether durations are measured once they end, by the schedule that is in force then.
    #[must_use]
    pub(crate) fn counts_at_end(&self) -> bool {
        self.reads_schedules() && self.chosen == ScheduleChosen::AtEnd
    }
}
