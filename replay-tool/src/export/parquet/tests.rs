//! A table of every type, read back by the library that did not write it column by column.

use super::*;
use crate::export::columns::text;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use std::borrow::Cow;
use std::fs::File;

/// A row with a value of every type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Plain {
    text: Option<String>,
    at: Option<i64>,
    number: Option<i64>,
    took: Option<i64>,
    truth: Option<bool>,
    list: Option<Vec<String>>,
    pairs: Option<Vec<(String, String)>>,
}

fn columns() -> Vec<Column<Plain>> {
    vec![
        Column::text("text", |row: &Plain| text(row.text.as_deref())),
        Column::instant("at", |row| row.at),
        Column::integer("number", |row| row.number),
        Column::seconds("took_s", |row| row.took),
        Column::truth("truth", |row| row.truth),
        Column::texts("list", |row| Some(row.list.as_ref()?.iter().map(|text| Cow::Borrowed(text.as_str())).collect())),
        Column::pairs("pairs", |row| Some(row.pairs.as_ref()?.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect())),
    ]
}

/// Rows with and without each value, lists of none, one and several items, ends and negatives.
fn rows() -> Vec<Plain> {
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    let pairs = |pairs: &[(&str, &str)]| Some(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
    let full = Plain {
        text: Some("تیکت".to_owned()),
        at: Some(1_740_816_720_000_001),
        number: Some(i64::MAX),
        took: Some(1_500_000),
        truth: Some(true),
        list: texts(&["a", "b", ""]),
        pairs: pairs(&[("k", "v"), ("l", "")]),
    };
    let empty = Plain { text: Some(String::new()), list: texts(&[]), pairs: pairs(&[]), ..Plain::default() };
    let past = Plain { at: Some(-1), took: Some(-1), number: Some(i64::MIN), truth: Some(false), ..Plain::default() };
    let one = Plain { list: texts(&["c"]), pairs: pairs(&[("k", "w")]), ..full.clone() };
    vec![full.clone(), Plain::default(), empty, past, one, full, Plain::default()]
}

fn field<'r>(row: &'r Row, name: &str) -> Option<&'r Field> {
    let field = row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field)?;
    (*field != Field::Null).then_some(field)
}

fn text_of(field: &Field) -> String {
    let Field::Str(text) = field else { panic!("{field:?} is no text") };
    text.clone()
}

fn read(row: &Row) -> Plain {
    Plain {
        text: field(row, "text").map(text_of),
        at: field(row, "at").map(|at| match at {
            Field::TimestampMicros(at) => *at,
            other => panic!("{other:?} is no instant"),
        }),
        number: field(row, "number").map(|number| match number {
            Field::Long(number) => *number,
            other => panic!("{other:?} is no whole number"),
        }),
        took: field(row, "took_s").map(|took| match took {
            Field::Decimal(took) => {
                assert_eq!((took.precision(), took.scale()), (18, 6));
                i64::from_be_bytes(took.data().try_into().unwrap())
            }
            other => panic!("{other:?} is no decimal"),
        }),
        truth: field(row, "truth").map(|truth| *truth == Field::Bool(true)),
        list: field(row, "list").map(|list| match list {
            Field::ListInternal(list) => list.elements().iter().map(text_of).collect(),
            other => panic!("{other:?} is no list"),
        }),
        pairs: field(row, "pairs").map(|pairs| match pairs {
            Field::MapInternal(map) => {
                map.entries().iter().map(|(name, value)| (text_of(name), text_of(value))).collect()
            }
            other => panic!("{other:?} is no map"),
        }),
    }
}

fn written(rows: &[Plain]) -> SerializedFileReader<File> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.parquet");
    let mut table = Box::new(Parquet::begin(columns(), Out::open(Some(&file)).unwrap()).unwrap());
    rows.iter().for_each(|row| table.write(row).unwrap());
    assert!(!file.exists(), "it is there once it is whole");
    table.finish().unwrap();
    SerializedFileReader::new(File::open(file).unwrap()).unwrap()
}

#[test]
fn every_value_comes_back_from_groups_of_bounded_size() {
    let rows = rows();
    let file = written(&rows);
    let groups: Vec<_> = file.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [3, 3, 1], "seven rows, three a group");
    let back: Vec<_> = file.get_row_iter(None).unwrap().map(|row| read(&row.unwrap())).collect();
    assert_eq!(back, rows);
}

#[test]
fn a_group_ends_early_where_its_texts_are_long() {
    let long = Plain { text: Some("x".repeat(4 << 10)), ..Plain::default() };
    let file = written(&[Plain::default(), long.clone(), Plain::default(), long]);
    let groups: Vec<_> = file.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [2, 2]);
}

#[test]
fn a_table_without_rows_has_its_columns() {
    let file = written(&[]);
    assert_eq!(file.metadata().file_metadata().num_rows(), 0);
    let schema = file.metadata().file_metadata().schema();
    let names: Vec<_> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    assert_eq!(names, ["text", "at", "number", "took_s", "truth", "list", "pairs"]);
}
