//! The values of dimensions as small numbers, given in order of first appearance; they never leave a process.
//!
//! In every list number 0 means "no value"; the first value is 1. A list that is full is an error, never a wrap.

use crate::checkpoint::{Reader, Writer};
use crate::columns::map::Map;
use crate::columns::texts::{Lists, Texts};
use daftar_eventlog::codec::told::{Form, List, Place, Text, TextKey, TicketOpened};
use daftar_eventlog::facts::{Owner, PseudonymBytes};
use std::fmt::Write as _;
use std::sync::Arc;

/// A dimension has more values than its numbers can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log has more than {limit} {what}; reports cannot tell them apart any more")]
pub struct TooMany {
    /// Values of what, in the plural.
    pub what: &'static str,
    /// The most there may be.
    pub limit: u32,
}

/// Strings and their numbers.
#[derive(Debug, Clone)]
pub struct Names {
    what: &'static str,
    numbers: Map<Arc<str>, u32>,
    names: Texts,
    listed: Listed,
    recent: Recent<Named>,
}

/// By its number in a list of a block's, the text that was asked for last: from which list it was, and what its number is
/// here. A copy begins without any.
#[derive(Debug, Default)]
struct Listed(Vec<(u32, u32)>);

impl Clone for Listed {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Listed {
    #[inline(always)]
    fn get(&self, place: Place) -> Option<u32> {
        let (list, number) = *self.0.get(usize::from(place.number))?;
        (list == place.list).then_some(number)
    }

    fn set(&mut self, Place { list, number: text }: Place, number: u32) {
        let text = usize::from(text);
        if self.0.len() <= text {
            self.0.resize(text + 1, (0, 0));
        }
        self.0[text] = (list, number);
    }
}

/// What was asked for last at each place that names share by a few of their bytes, or sets by their members: most come
/// again soon. A copy begins without any.
#[derive(Debug)]
struct Recent<T>(Vec<T>);

/// A name that was asked for, by its key, and its number.
#[derive(Debug, Clone, Copy)]
struct Named {
    key: TextKey,
    number: u32,
}

impl Named {
    /// No text is so long.
    const NONE: Self = Self { key: TextKey { words: [0; 2], len: usize::MAX }, number: 0 };
}

/// How many places there are.
const RECENT_PLACES: usize = 1 << RECENT_BITS;
const RECENT_BITS: u32 = 10;

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Clone for Recent<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T: Copy> Recent<T> {
    fn at(&self, place: usize) -> Option<T> {
        self.0.get(place).copied()
    }

    fn set(&mut self, place: usize, what: T, none: T) {
        if self.0.is_empty() {
            self.0.resize(RECENT_PLACES, none);
        }
        self.0[place] = what;
    }

    /// The same; what was there goes to the place beside it.
    fn set_beside(&mut self, place: usize, what: T, none: T) {
        let before = self.at(place).unwrap_or(none);
        self.set(place, what, none);
        self.set(beside(place), before, none);
    }
}

/// The other place of two that share what falls on either.
fn beside(place: usize) -> usize {
    place ^ 1
}

/// The place of what was mixed to a word.
fn place_of(mixed: u64) -> usize {
    let [.., low, high] = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    usize::from(u16::from_le_bytes([low, high]) >> (u16::BITS - RECENT_BITS))
}

impl Names {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            numbers: Map::default(),
            names: Texts::default(),
            listed: Listed::default(),
            recent: Recent::default(),
        }
    }

    /// The number of `name`, a new one if it was never seen.
    #[inline(always)]
    pub(crate) fn wide<'t>(&mut self, name: impl Into<Text<'t>>) -> Result<u32, TooMany> {
        let name = name.into();
        match name.place().and_then(|place| self.listed.get(place)) {
            Some(number) => Ok(number),
            None => self.not_listed(name),
        }
    }

    /// The same of a name that is in no list, or was not asked for there a moment ago.
    #[inline(never)]
    fn not_listed(&mut self, name: Text<'_>) -> Result<u32, TooMany> {
        let number = self.by_key(name)?;
        if let Some(place) = name.place() {
            self.listed.set(place, number);
        }
        Ok(number)
    }

    fn by_key(&mut self, name: Text<'_>) -> Result<u32, TooMany> {
        let key = name.key();
        // Names of one kind differ most often at their ends.
        let place = place_of(key.words[0].rotate_left(23) ^ key.words[1]);
        for place in [place, beside(place)] {
            if let Some(Named { key: named, number }) = self.recent.0.get(place)
                && *named == key
                && (key.is_whole() || self.is_called(*number, name))
            {
                return Ok(*number);
            }
        }
        self.not_recent(name, key, place)
    }

    #[cold]
    fn is_called(&self, number: u32, name: Text<'_>) -> bool {
        self.name(number) == Some(name.as_str())
    }

    #[cold]
    fn not_recent(&mut self, name: Text<'_>, key: TextKey, place: usize) -> Result<u32, TooMany> {
        let number = self.found_or_new(name.as_str())?;
        self.recent.set_beside(place, Named { key, number }, Named::NONE);
        Ok(number)
    }

    fn found_or_new(&mut self, name: &str) -> Result<u32, TooMany> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let number = next_number(self.what, self.names.len())?;
        self.names.push(name);
        self.numbers.insert(name.into(), number);
        Ok(number)
    }

    /// The number of `name`, which must fit 16 bits.
    #[inline]
    pub(crate) fn small<'t>(&mut self, name: impl Into<Text<'t>>) -> Result<u16, TooMany> {
        let number = self.wide(name)?;
        self.as_small(number)
    }

    /// The same for a name that may be missing: 0 then.
    // Always, and by reference: to copy a name that was just read costs more than to find its number.
    #[inline(always)]
    pub(crate) fn small_or_none(&mut self, name: Option<&Text<'_>>) -> Result<u16, TooMany> {
        let Some(name) = name else { return Ok(0) };
        let number = match name.place().and_then(|place| self.listed.get(place)) {
            Some(number) => number,
            None => self.not_listed(*name)?,
        };
        self.as_small(number)
    }

    fn as_small(&self, number: u32) -> Result<u16, TooMany> {
        u16::try_from(number).map_err(|_| TooMany { what: self.what, limit: u32::from(u16::MAX) })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of a name seen before.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name with that number; `None` for 0.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&str> {
        self.names.get(index_of(number)?)
    }

    fn dump(&self, out: &mut Writer) {
        self.names.dump(out);
    }

    fn load(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.names = Texts::load(from)?;
        for number in 0..self.names.len() {
            self.numbers.insert(self.names.get(number)?.into(), u32::try_from(number + 1).ok()?);
        }
        Some(())
    }
}

/// Sets of numbers and their own numbers; 0 is the empty set.
#[derive(Debug, Clone)]
pub struct Sets {
    what: &'static str,
    numbers: Map<Arc<[u32]>, u32>,
    sets: Lists<Arc<[u32]>>,
    recent: Recent<u32>,
    ones: Ones,
}

/// The numbers of sets of one, by their member; 0: not asked for yet. A copy begins without any.
#[derive(Debug, Default)]
struct Ones(Vec<u32>);

impl Clone for Ones {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Sets {
    fn new(what: &'static str) -> Self {
        Self { what, numbers: Map::default(), sets: Lists::default(), recent: Recent::default(), ones: Ones::default() }
    }

    #[inline]
    fn number(&mut self, members: &[u32]) -> Result<u32, TooMany> {
        match members {
            [] => Ok(0),
            [one] => match self.ones.0.get(*one as usize) {
                Some(number) if *number != 0 => Ok(*number),
                _ => self.first_of_one(*one),
            },
            _ => self.of_several(members),
        }
    }

    #[cold]
    fn first_of_one(&mut self, member: u32) -> Result<u32, TooMany> {
        let number = self.found_or_new(&[member])?;
        if self.ones.0.len() <= member as usize {
            self.ones.0.resize(member as usize + 1, 0);
        }
        self.ones.0[member as usize] = number;
        Ok(number)
    }

    fn of_several(&mut self, members: &[u32]) -> Result<u32, TooMany> {
        let mixed = members.iter().fold(0, |mixed, member| u64::wrapping_mul(mixed, 31).wrapping_add((*member).into()));
        let place = place_of(mixed);
        if let Some(recent) = self.recent.at(place)
            && self.members(recent) == members
        {
            return Ok(recent);
        }
        let number = self.found_or_new(members)?;
        self.recent.set(place, number, 0);
        Ok(number)
    }

    fn found_or_new(&mut self, members: &[u32]) -> Result<u32, TooMany> {
        if let Some(number) = self.numbers.get(members) {
            return Ok(*number);
        }
        let number = next_number(self.what, self.sets.len())?;
        let members: Arc<[u32]> = members.into();
        self.sets.push(Arc::clone(&members));
        self.numbers.insert(members, number);
        Ok(number)
    }

    /// The members of the set with that number.
    #[must_use]
    pub fn members(&self, number: u32) -> &[u32] {
        index_of(number).and_then(|index| self.sets.get(index)).map_or(&[], |set| set)
    }

    fn dump(&self, out: &mut Writer) {
        out.number(self.sets.len() as u64);
        for set in (0..self.sets.len()).filter_map(|number| self.sets.get(number)) {
            out.number(set.len() as u64);
            set.iter().for_each(|member| out.number(u64::from(*member)));
        }
    }

    fn load(&mut self, from: &mut Reader<'_>) -> Option<()> {
        for _ in 0..from.number()? {
            let members = (0..from.number()?).map(|_| u32::try_from(from.number()?).ok());
            self.number(&members.collect::<Option<Vec<_>>>()?).ok()?;
        }
        Some(())
    }
}

/// For the numbers of values in one state, those in another; number 0 stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Renumbering {
    pub(crate) branches: Vec<u32>,
    pub(crate) departments: Vec<u32>,
    pub(crate) agents: Vec<u32>,
    pub(crate) channels: Vec<u32>,
    pub(crate) tiers: Vec<u32>,
    pub(crate) languages: Vec<u32>,
    pub(crate) reasons: Vec<u32>,
    pub(crate) forms: Vec<u32>,
    pub(crate) tags: Vec<u32>,
    pub(crate) attribute_values: Vec<u32>,
    pub(crate) questions: Vec<u32>,
    pub(crate) choices: Vec<u32>,
}

/// The number that one has in the list of others.
pub(crate) fn renumbered(numbers: &[u32], number: u32) -> u32 {
    // Whatever was counted was named before.
    numbers.get(number as usize).copied().unwrap_or(0)
}

/// The same of numbers that fit 16 bits.
pub(crate) fn renumbered_small(numbers: &[u32], number: u16) -> u16 {
    // Lists of these never become longer.
    u16::try_from(renumbered(numbers, number.into())).unwrap_or(0)
}

/// Customers by pseudonym.
#[derive(Debug, Clone, Default)]
pub struct Customers {
    numbers: Map<PseudonymBytes, u32>,
    pseudonyms: Lists<PseudonymBytes>,
}

impl Customers {
    pub(crate) fn number(&mut self, pseudonym: PseudonymBytes) -> Result<u32, TooMany> {
        if let Some(number) = self.numbers.get(&pseudonym) {
            return Ok(*number);
        }
        let number = next_number("customers", self.pseudonyms.len())?;
        self.pseudonyms.push(pseudonym);
        self.numbers.insert(pseudonym, number);
        Ok(number)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pseudonyms.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pseudonyms.is_empty()
    }

    /// The number of a customer seen before.
    #[must_use]
    pub fn get(&self, pseudonym: &PseudonymBytes) -> Option<u32> {
        self.numbers.get(pseudonym).copied()
    }

    /// The pseudonym of the customer with that number; `None` for 0.
    #[must_use]
    pub fn pseudonym(&self, number: u32) -> Option<&PseudonymBytes> {
        self.pseudonyms.get(index_of(number)?)
    }

    fn dump(&self, out: &mut Writer) {
        out.number(self.pseudonyms.len() as u64);
        let all = (0..self.pseudonyms.len()).filter_map(|number| self.pseudonyms.get(number));
        all.for_each(|pseudonym| out.bytes(pseudonym));
    }

    fn load(&mut self, from: &mut Reader<'_>) -> Option<()> {
        for _ in 0..from.number()? {
            self.number(from.bytes()?.try_into().ok()?).ok()?;
        }
        Some(())
    }
}

/// Every value of every dimension, and the questions and choices of surveys.
#[derive(Debug, Clone)]
pub struct Dimensions {
    /// Branches.
    pub branches: Names,
    /// Departments.
    pub departments: Names,
    /// Agents: assignees, authors, closers.
    pub agents: Names,
    /// Sets of agents.
    pub agent_sets: Sets,
    /// Channels of tickets.
    pub channels: Names,
    /// Customer tiers.
    pub tiers: Names,
    /// Languages.
    pub languages: Names,
    /// Reasons of closings.
    pub reasons: Names,
    /// Forms, as `name@version`.
    pub forms: Names,
    /// Customers.
    pub customers: Customers,
    /// Tags.
    pub tags: Names,
    /// Sets of tags, each its tags' numbers, rising.
    pub tag_sets: Sets,
    /// Names of attributes.
    pub attribute_names: Names,
    /// Values of attributes.
    pub attribute_values: Names,
    /// Sets of attributes: number of a name, number of its value, and so on.
    pub attribute_sets: Sets,
    /// Questions of surveys.
    pub questions: Names,
    /// Choices of surveys.
    pub choices: Names,
    /// Sets of choices.
    pub choice_sets: Sets,
    scratch: Vec<u32>,
    form: String,
}

impl Default for Dimensions {
    fn default() -> Self {
        Self {
            branches: Names::new("branches"),
            departments: Names::new("departments"),
            agents: Names::new("agents"),
            agent_sets: Sets::new("sets of agents"),
            channels: Names::new("channels"),
            tiers: Names::new("customer tiers"),
            languages: Names::new("languages"),
            reasons: Names::new("closing reasons"),
            forms: Names::new("survey forms"),
            customers: Customers::default(),
            tags: Names::new("tags"),
            tag_sets: Sets::new("sets of tags"),
            attribute_names: Names::new("attribute names"),
            attribute_values: Names::new("attribute values"),
            attribute_sets: Sets::new("sets of attributes"),
            questions: Names::new("survey questions"),
            choices: Names::new("survey choices"),
            choice_sets: Sets::new("sets of choices"),
            scratch: Vec::new(),
            form: String::new(),
        }
    }
}

/// The numbers of the dimensions that a ticket has from its opening on; 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AtOpening {
    pub(crate) channel: u16,
    pub(crate) tier: u16,
    pub(crate) language: u32,
    pub(crate) customer: u32,
    pub(crate) attributes: u32,
}

impl Dimensions {
    /// The numbers of what a ticket keeps from its opening on.
    pub(crate) fn at_opening(&mut self, opened: &TicketOpened<'_>) -> Result<AtOpening, TooMany> {
        let customer = match opened.owner {
            Owner::Customer(pseudonym) => self.customers.number(pseudonym)?,
            Owner::Ticket(_) => 0,
        };
        Ok(AtOpening {
            channel: self.channels.small_or_none(opened.channel.as_ref())?,
            tier: self.tiers.small_or_none(opened.customer_tier.as_ref())?,
            language: opened.language.map_or(Ok(0), |language| self.languages.wide(language))?,
            customer,
            attributes: self.attribute_set(opened)?,
        })
    }

    /// The number of a set of attributes, sorted by name.
    pub(crate) fn attribute_set(&mut self, opened: &TicketOpened<'_>) -> Result<u32, TooMany> {
        self.scratch.clear();
        for (name, value) in opened.attributes.iter() {
            self.scratch.push(self.attribute_names.wide(name)?);
            self.scratch.push(self.attribute_values.wide(value)?);
        }
        self.attribute_sets.number(&self.scratch)
    }

    /// The value that a set of attributes gives to the attribute with number `name`; 0: none.
    #[must_use]
    pub fn attribute(&self, set: u32, name: u32) -> u32 {
        let pairs = self.attribute_sets.members(set).chunks_exact(2);
        pairs.filter(|pair| pair[0] == name).map(|pair| pair[1]).next().unwrap_or(0)
    }

    /// The number of the set of tags `set` becomes when `added` are added and `removed` taken away.
    pub(crate) fn tag_set<'t>(
        &mut self,
        set: u32,
        added: impl Iterator<Item = Text<'t>>,
        removed: impl Iterator<Item = Text<'t>>,
    ) -> Result<u32, TooMany> {
        self.scratch.clear();
        self.scratch.extend_from_slice(self.tag_sets.members(set));
        for gone in removed.filter_map(|tag| self.tags.get(tag.as_str())) {
            self.scratch.retain(|tag| *tag != gone);
        }
        // A tag both added and removed is there afterwards, as the rules of tickets have it.
        for tag in added {
            self.scratch.push(self.tags.wide(tag)?);
        }
        self.tag_sets.number(sorted(&mut self.scratch))
    }

    /// The number of the set of agents `set` becomes with one more.
    pub(crate) fn with_agent(&mut self, set: u32, agent: u32) -> Result<u32, TooMany> {
        let members = self.agent_sets.members(set);
        let Err(place) = members.binary_search(&agent) else { return Ok(set) };
        let more: Vec<u32> = members[..place].iter().chain([&agent]).chain(&members[place..]).copied().collect();
        self.agent_sets.number(&more)
    }

    /// The number of a set of choices.
    pub(crate) fn choice_set<'t>(&mut self, choices: &List<'t, Text<'t>>) -> Result<u32, TooMany> {
        self.scratch.clear();
        for choice in choices.iter() {
            self.scratch.push(self.choices.wide(choice)?);
        }
        self.choice_sets.number(sorted(&mut self.scratch))
    }

    /// Learns the values of another's lists; the numbers that those have here.
    pub(crate) fn learn(&mut self, mut other: Self) -> Result<Renumbering, TooMany> {
        let wide = |names: &mut Names, other: &Names| -> Result<Vec<u32>, TooMany> {
            let all = (1..=u32::try_from(other.len()).unwrap_or(u32::MAX)).filter_map(|number| other.name(number));
            std::iter::once(Ok(0)).chain(all.map(|name| names.wide(name))).collect()
        };
        let mut lists = self.names().into_iter().zip(other.names()).map(|(names, other)| wide(names, other));
        let mut next = || lists.next().unwrap_or(Ok(Vec::new()));
        let mut numbers = Renumbering {
            branches: next()?,
            departments: next()?,
            agents: next()?,
            channels: next()?,
            tiers: next()?,
            languages: next()?,
            reasons: next()?,
            forms: next()?,
            tags: next()?,
            ..Renumbering::default()
        };
        // Reports ask for attributes by their names.
        next()?;
        numbers.attribute_values = next()?;
        numbers.questions = next()?;
        numbers.choices = next()?;
        drop(lists);
        self.fit()?;
        Ok(numbers)
    }

    /// Whether the lists whose numbers take 16 bits have not become too long.
    fn fit(&self) -> Result<(), TooMany> {
        let small = [&self.branches, &self.departments, &self.channels, &self.tiers, &self.reasons, &self.forms];
        let limit = u32::from(u16::MAX);
        match small.into_iter().find(|names| usize::from(u16::MAX) < names.len()) {
            Some(names) => Err(TooMany { what: names.what, limit }),
            None => Ok(()),
        }
    }

    /// Every list of names.
    fn names(&mut self) -> [&mut Names; 13] {
        [
            &mut self.branches,
            &mut self.departments,
            &mut self.agents,
            &mut self.channels,
            &mut self.tiers,
            &mut self.languages,
            &mut self.reasons,
            &mut self.forms,
            &mut self.tags,
            &mut self.attribute_names,
            &mut self.attribute_values,
            &mut self.questions,
            &mut self.choices,
        ]
    }

    /// Writes every value down.
    pub(crate) fn dump(&self, out: &mut Writer) {
        // A copy costs little: it shares everything.
        let mut own = self.clone();
        own.names().into_iter().for_each(|names| names.dump(out));
        [&self.agent_sets, &self.tag_sets, &self.attribute_sets, &self.choice_sets]
            .into_iter()
            .for_each(|s| s.dump(out));
        self.customers.dump(out);
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let mut own = Self::default();
        own.names().into_iter().try_for_each(|names| names.load(from))?;
        let sets = [&mut own.agent_sets, &mut own.tag_sets, &mut own.attribute_sets, &mut own.choice_sets];
        sets.into_iter().try_for_each(|sets| sets.load(from))?;
        own.customers.load(from)?;
        Some(own)
    }

    /// The number of a form; 0: none.
    pub(crate) fn form(&mut self, form: Option<Form<'_>>) -> Result<u16, TooMany> {
        let Some(form) = form else { return Ok(0) };
        self.form.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.form, "{}@{}", form.name.as_str(), form.version);
        self.forms.small(self.form.as_str())
    }
}

/// Numbers as a set has them: rising, each once.
fn sorted(numbers: &mut Vec<u32>) -> &[u32] {
    if 1 < numbers.len() {
        numbers.sort_unstable();
        numbers.dedup();
    }
    numbers
}

/// The number after `count` others.
fn next_number(what: &'static str, count: usize) -> Result<u32, TooMany> {
    u32::try_from(count).ok().and_then(|count| count.checked_add(1)).ok_or(TooMany { what, limit: u32::MAX })
}

/// Where the value with that number stands; `None` for 0.
fn index_of(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_in_order_of_first_appearance_and_0_is_none() {
        let mut names = Names::new("branches");
        assert_eq!((names.small("b"), names.small("a"), names.small("b")), (Ok(1), Ok(2), Ok(1)));
        assert_eq!((names.name(0), names.name(1), names.name(3)), (None, Some("b"), None));
        assert_eq!(names.small_or_none(None), Ok(0));
    }

    #[test]
    fn names_that_share_a_place_are_told_apart() {
        let mut names = Names::new("agents");
        // Many more names than places, and every one asked for again after all others.
        let all: Vec<_> = (0..4 * RECENT_PLACES).map(|n| format!("agent-{n}")).collect();
        for _ in 0..2 {
            for (name, number) in all.iter().zip(1..) {
                assert_eq!((names.wide(name.as_str()), names.wide(name.as_str())), (Ok(number), Ok(number)));
            }
        }
        assert_eq!(names.clone().wide("agent-7"), Ok(8));
    }

    #[test]
    fn the_65_536th_branch_is_refused() {
        let mut names = Names::new("branches");
        for n in 0..u32::from(u16::MAX) {
            names.small(n.to_string().as_str()).unwrap();
        }
        let refused = names.small("one more").unwrap_err();
        assert!(refused.to_string().contains("65535 branches"), "{refused}");
    }

    #[test]
    fn names_with_the_same_ends_are_told_apart() {
        let all = [
            "departments-of-1st-branch",
            "departments-or-2nd-branch",
            "department-01234-1",
            "exactly-16-bytes",
            "exactly-16+1-byte",
            "",
            "\0",
            "\0\0",
            "\0\0\0\0",
            "\0\0\0\0\0\0\0\0\0",
            "a",
            "a\0",
            "a\0\0\0",
            "abcdabcd",
            "abcdabcdabcd",
            "abcdabcdabcdabcd",
            "پشتیبانی",
            "پشتیبانی فروش تهران",
            "پشتیبانی خرید تهران",
            "تهران",
            "ت",
            "تهران\0",
        ];
        let mut names = Names::new("branches");
        for _ in 0..3 {
            for (name, number) in all.iter().zip(1..) {
                assert_eq!((names.wide(*name), names.wide(*name)), (Ok(number), Ok(number)), "{name:?}");
            }
        }
        assert_eq!(all.map(|name| names.get(name)), std::array::from_fn(|n| u32::try_from(n + 1).ok()));
    }

    #[test]
    fn a_name_at_the_place_of_another_is_asked_for_in_turns() {
        let mut names = Names::new("tags");
        // The same ends, and so the same place; two of them have the same key.
        let (long, longer) = ("12345678-one-12345678", "12345678-two-12345678");
        for _ in 0..3 {
            assert_eq!((names.wide(long), names.wide(longer), names.wide("1234567812345678")), (Ok(1), Ok(2), Ok(3)));
        }
    }

    #[test]
    fn sets_of_one_are_numbered_as_others_are() {
        let mut d = Dimensions::default();
        let [a, ab, b] = [&["a"][..], &["a", "b"], &["b"]].map(|tags| tag_set(&mut d, 0, tags, &[]));
        assert_eq!([a, ab, b], [1, 2, 3]);
        assert_eq!((tag_set(&mut d, 0, &["b"], &[]), tag_set(&mut d, ab, &[], &["a"])), (b, b));
        // A copy does not remember which were asked for.
        let mut copy = d.clone();
        assert_eq!((tag_set(&mut copy, 0, &["a"], &[]), tag_set(&mut copy, 0, &["c"], &[])), (a, 4));
    }

    fn tag_set(d: &mut Dimensions, set: u32, added: &[&str], removed: &[&str]) -> u32 {
        let (added, removed) = (added.iter().copied().map(Text::from), removed.iter().copied().map(Text::from));
        d.tag_set(set, added, removed).unwrap()
    }

    #[test]
    fn sets_do_not_depend_on_the_order_of_their_members() {
        let mut d = Dimensions::default();
        let ab = tag_set(&mut d, 0, &["a", "b"], &[]);
        let b = tag_set(&mut d, 0, &["b"], &[]);
        assert_eq!(tag_set(&mut d, b, &["a", "a"], &[]), ab);
        assert_eq!(tag_set(&mut d, ab, &[], &["a", "b", "never"]), 0);
        assert!(d.tag_sets.members(0).is_empty());
    }
}
