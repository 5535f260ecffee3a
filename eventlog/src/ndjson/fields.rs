//! The fields of one object, taken out by name and type; whatever is wrong with them is noted with its place.

use super::fault::{At, Faults};
use super::json::{Field, Json};
use daftar_domain::Invalid;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The fields of an object that were not taken yet.
///
/// A reader asks for every field it knows and puts the parts together only then, so that one reading finds all
/// faults. `None` from a reader of a required field means that a fault was noted.
pub(super) struct Fields<'r, 'a> {
    at: At<'r>,
    left: Vec<Field<'a>>,
    faults: &'r mut Faults,
}

impl<'r, 'a> Fields<'r, 'a> {
    /// The fields given at `at`; of those given twice the first counts.
    pub(super) fn new(at: At<'r>, mut given: Vec<Field<'a>>, faults: &'r mut Faults) -> Self {
        let twice = names_given_twice(&given);
        if !twice.is_empty() {
            let mut seen = BTreeSet::new();
            given.retain(|(name, _)| !twice.contains(name) || seen.insert(name.clone()));
        }
        for name in &twice {
            faults.note::<()>(&At::Field(&at, name), "is given twice");
        }
        Self { at, left: given, faults }
    }

    /// The fields of a value that must be an object.
    pub(super) fn of(at: At<'r>, value: Json<'a>, faults: &'r mut Faults) -> Option<Self> {
        match value {
            Json::Object(given) => Some(Self::new(at, given, faults)),
            other => faults.wrong_type(&at, &other, "an object"),
        }
    }

    /// Takes a field as it stands, `null` included.
    pub(super) fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let index = self.left.iter().position(|(n, _)| n == name)?;
        Some(self.left.remove(index).1)
    }

    /// Reads a field that must be given.
    pub(super) fn required<T>(&mut self, name: &str, read: impl FnOnce(Value<'_, 'a>) -> Option<T>) -> Option<T> {
        match self.take(name) {
            Some(value) => self.read(name, value, read),
            None => self.note(name, "is missing"),
        }
    }

    /// Reads a field that may be left out or `null`.
    pub(super) fn optional<T>(&mut self, name: &str, read: impl FnOnce(Value<'_, 'a>) -> Option<T>) -> Option<T> {
        match self.take(name)? {
            Json::Null => None,
            value => self.read(name, value, read),
        }
    }

    /// Reads the value of a field that was taken.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        value: Json<'a>,
        read: impl FnOnce(Value<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        read(Value { at: At::Field(&self.at, name), json: value, faults: self.faults })
    }

    /// Notes a fault of a field.
    pub(super) fn note<T>(&mut self, name: &str, why: &str) -> Option<T> {
        self.faults.note(&At::Field(&self.at, name), why)
    }

    /// Notes a fault of the object as a whole.
    pub(super) fn note_here(&mut self, why: &str) {
        self.faults.note::<()>(&self.at, why);
    }

    /// Whether a field of that name is left.
    pub(super) fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(n, _)| n == name)
    }

    /// Notes every field that nobody took; `whose` and `known` tell what there is instead.
    pub(super) fn end(self, whose: &str, known: impl FnOnce() -> String) {
        if self.left.is_empty() {
            return;
        }
        let why = format!("is not a field of {whose}, which has {}", known());
        for (name, _) in &self.left {
            self.faults.note::<()>(&At::Field(&self.at, name), why.as_str());
        }
    }
}

fn names_given_twice<'a>(given: &[Field<'a>]) -> BTreeSet<Cow<'a, str>> {
    let mut names: Vec<&Cow<'a, str>> = given.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect()
}

/// The value of a field or an item, its place, and where to note what is wrong with it.
pub(super) struct Value<'r, 'a> {
    at: At<'r>,
    json: Json<'a>,
    faults: &'r mut Faults,
}

impl<'r, 'a> Value<'r, 'a> {
    /// A string.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self.json {
            Json::Text(text) => Some(text),
            other => self.faults.wrong_type(&self.at, &other, "a string"),
        }
    }

    /// A string, kept.
    pub(super) fn string(self) -> Option<String> {
        self.text().map(Cow::into_owned)
    }

    /// A string that `parse` takes: an id, a date, a word of a list.
    pub(super) fn parsed<T>(self, parse: fn(&str, &str) -> Result<T, Invalid>) -> Option<T> {
        match self.json {
            // The fault is noted with the whole path, so the field's name given to `parse` is never shown.
            Json::Text(text) => self.faults.checked(&self.at, parse("", &text)),
            other => self.faults.wrong_type(&self.at, &other, "a string"),
        }
    }

    /// `true` or `false`.
    pub(super) fn bool(self) -> Option<bool> {
        match self.json {
            Json::Bool(value) => Some(value),
            other => self.faults.wrong_type(&self.at, &other, "true or false"),
        }
    }

    /// A whole number that `parse` takes.
    pub(super) fn score<T>(self, parse: impl FnOnce(&str, i64) -> Result<T, Invalid>) -> Option<T> {
        let number = match &self.json {
            Json::Whole(number) => i64::try_from(*number).ok(),
            _ => None,
        };
        match number {
            Some(number) => self.faults.checked(&self.at, parse("", number)),
            None => self.not_the_number("a whole number"),
        }
    }

    /// A whole number from `least` to `most`, which `T` can hold.
    pub(super) fn count<T: TryFrom<i128>>(self, least: i128, most: i128) -> Option<T> {
        let number = match &self.json {
            Json::Whole(number) if (least..=most).contains(number) => T::try_from(*number).ok(),
            _ => None,
        };
        let rule = || format!("a whole number from {least} to {most}");
        number.or_else(|| self.not_the_number(&rule()))
    }

    /// Notes something that is not the number it must be; another number only breaks the rule.
    fn not_the_number<T>(self, expected: &str) -> Option<T> {
        match self.json {
            Json::Whole(_) | Json::Fraction(_) => {
                self.faults.rule_broken(&self.at, format!("is {}: must be {expected}", self.json))
            }
            other => self.faults.wrong_type(&self.at, &other, expected),
        }
    }

    /// An object, read by `read`.
    pub(super) fn object<T>(self, read: impl FnOnce(Fields<'r, 'a>) -> Option<T>) -> Option<T> {
        Fields::of(self.at, self.json, self.faults).and_then(read)
    }

    /// An object where it is one, else a string that `word` takes.
    pub(super) fn object_or_word<T>(
        self,
        word: fn(&str, &str) -> Result<T, Invalid>,
        read: impl FnOnce(Fields<'r, 'a>) -> Option<T>,
    ) -> Option<T> {
        match self.json {
            Json::Object(given) => read(Fields::new(self.at, given, self.faults)),
            Json::Text(text) => self.faults.checked(&self.at, word("", &text)),
            other => self.faults.wrong_type(&self.at, &other, "a word or an object"),
        }
    }

    /// A list, each item read by `read`; an item with a fault is left out.
    pub(super) fn list<T>(self, mut read: impl FnMut(Value<'_, 'a>) -> Option<T>) -> Option<Vec<T>> {
        let items = match self.json {
            Json::List(items) => items,
            other => return self.faults.wrong_type(&self.at, &other, "a list"),
        };
        let list = items.into_iter().enumerate();
        Some(
            list.filter_map(|(index, json)| read(Value { at: At::Item(&self.at, index), json, faults: self.faults }))
                .collect(),
        )
    }

    /// A list of strings that `parse` takes, none of them twice.
    pub(super) fn set<T: Ord>(self, parse: fn(&str, &str) -> Result<T, Invalid>) -> Option<BTreeSet<T>> {
        let mut set = BTreeSet::new();
        self.list(|Value { at, json, faults }| {
            let value = Value { at, json, faults: &mut *faults }.parsed(parse)?;
            if set.insert(value) { Some(()) } else { faults.rule_broken(&at, "is in the list already") }
        })?;
        Some(set)
    }

    /// An object whose names `key` takes and whose values `read` reads; a name with `null` is left out.
    pub(super) fn map<K: Ord, V>(
        self,
        key: fn(&str, &str) -> Result<K, Invalid>,
        read: impl Fn(Value<'_, 'a>) -> Option<V>,
    ) -> Option<BTreeMap<K, V>> {
        let Fields { at, left, faults } = Fields::of(self.at, self.json, self.faults)?;
        let mut map = BTreeMap::new();
        for (name, json) in left {
            let at = At::Field(&at, &name);
            let key = faults.checked(&at, key("", &name));
            let value = if matches!(json, Json::Null) { None } else { read(Value { at, json, faults: &mut *faults }) };
            map.extend(key.zip(value));
        }
        Some(map)
    }
}
