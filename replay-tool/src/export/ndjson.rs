//! Tables as one JSON object a line; what has no value is left out.

use super::columns::{Column, Of, Rows};
use super::out::Out;
use daftar_domain::Timestamp;
use daftar_eventlog::ndjson::write::Object;
use daftar_projections::exact::Decimal;
use std::io::{self, Write as _};

/// A table being written.
pub(super) struct Ndjson<R> {
    columns: Vec<Column<R>>,
    line: Vec<u8>,
    out: Out,
}

impl<R> Ndjson<R> {
    pub(super) fn begin(columns: Vec<Column<R>>, out: Out) -> Self {
        Self { columns, line: Vec::new(), out }
    }
}

impl<R> Rows<R> for Ndjson<R> {
    fn write(&mut self, row: &R) -> io::Result<()> {
        self.line.clear();
        Object::write(&mut self.line, |object| {
            self.columns.iter().for_each(|column| field(object, column, row));
        });
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.out.finish()
    }
}

fn field<R>(object: &mut Object<'_>, column: &Column<R>, row: &R) {
    let name = column.name;
    match column.of {
        Of::Text(of) => object.given(name, of(row).as_ref()),
        Of::Instant(of) => object.shown(name, of(row).map(Timestamp::clamped).as_ref()),
        Of::Integer(of) => object.given(name, of(row).as_ref()),
        Of::Seconds(of) => object.given(name, of(row).map(seconds).as_ref()),
        Of::Truth(of) => object.given(name, of(row).as_ref()),
        Of::Texts(of) => object.given(name, of(row).as_ref()),
        Of::Pairs(of) => {
            if let Some(pairs) = of(row) {
                object.object(name, |object| pairs.iter().for_each(|(name, value)| object.value(name, value)));
            }
        }
    }
}

/// A duration in seconds, exactly.
pub(super) fn seconds(micros: i64) -> Decimal {
    Decimal::from_micros(micros.into())
}

/// Texts by name as a JSON object.
pub(super) fn object_of(pairs: &[(&str, &str)]) -> String {
    let mut text = Vec::new();
    Object::write(&mut text, |object| pairs.iter().for_each(|(name, value)| object.value(name, value)));
    // JSON is text.
    String::from_utf8(text).unwrap_or_default()
}
