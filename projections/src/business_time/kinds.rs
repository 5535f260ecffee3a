//! Which schedules are for which tickets: tickets that the same schedules match are one class.

use crate::definition::document::Schedule;
use std::collections::HashMap;

/// Values of one dimension, told apart only as far as schedules tell them apart.
#[derive(Debug)]
struct Values {
    /// The kind of each value that some schedule names.
    named: HashMap<String, usize>,
    /// Which schedules match the values of a kind; kind 0 is absent values and those that nobody names.
    matches: Vec<Vec<bool>>,
}

impl Values {
    fn of(schedules: &[Schedule], list: impl Fn(&Schedule) -> &[String]) -> Self {
        let anything: Vec<bool> = schedules.iter().map(|schedule| list(schedule).is_empty()).collect();
        let mut kinds = HashMap::from([(anything.clone(), 0)]);
        let mut values = Self { named: HashMap::new(), matches: vec![anything] };
        for value in schedules.iter().flat_map(&list) {
            let matches = |schedule| list(schedule).is_empty() || list(schedule).contains(value);
            let matches: Vec<bool> = schedules.iter().map(matches).collect();
            let kind = *kinds.entry(matches.clone()).or_insert(values.matches.len());
            if kind == values.matches.len() {
                values.matches.push(matches);
            }
            values.named.insert(value.clone(), kind);
        }
        values
    }

    fn kind(&self, value: Option<&str>) -> usize {
        value.and_then(|value| self.named.get(value)).copied().unwrap_or(0)
    }
}

/// The class of every branch and department.
#[derive(Debug)]
pub(super) struct Kinds {
    branches: Values,
    departments: Values,
    /// The class of each kind of branch and department, row by row.
    classes: Vec<usize>,
}

impl Kinds {
    /// Numbers the classes; answers also which schedules match the tickets of each, in order. Class 0 is matched by
    /// none.
    pub(super) fn of(schedules: &[Schedule]) -> (Self, Vec<Vec<usize>>) {
        let branches = Values::of(schedules, |schedule| &schedule.branches);
        let departments = Values::of(schedules, |schedule| &schedule.departments);
        let (mut numbers, mut matching) = (HashMap::from([(Vec::new(), 0)]), vec![Vec::new()]);
        let mut classes = Vec::new();
        for (branch, department) in
            branches.matches.iter().flat_map(|b| departments.matches.iter().map(move |d| (b, d)))
        {
            let both = branch.iter().zip(department).map(|(branch, department)| *branch && *department);
            let matched: Vec<usize> =
                both.enumerate().filter(|(_, matches)| *matches).map(|(index, _)| index).collect();
            let class = *numbers.entry(matched.clone()).or_insert(matching.len());
            if class == matching.len() {
                matching.push(matched);
            }
            classes.push(class);
        }
        (Self { branches, departments, classes }, matching)
    }

    /// The class of tickets of a branch and department.
    pub(super) fn class(&self, branch: Option<&str>, department: Option<&str>) -> usize {
        let row = self.branches.kind(branch) * self.departments.matches.len();
        self.classes.get(row + self.departments.kind(department)).copied().unwrap_or(0)
    }
}
