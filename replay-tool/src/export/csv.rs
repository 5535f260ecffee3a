//! Tables as comma-separated values (RFC 4180), the columns' names first.

use super::columns::{Column, Of, Rows};
use super::ndjson::{object_of, seconds};
use super::out::Out;
use daftar_domain::Timestamp;
use std::borrow::Cow;
use std::io;

/// A table being written.
pub(super) struct Csv<R> {
    columns: Vec<Column<R>>,
    writer: csv::Writer<Out>,
}

impl<R> Csv<R> {
    pub(super) fn begin(columns: Vec<Column<R>>, out: Out) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(columns.iter().map(|column| column.name)).map_err(of_system)?;
        Ok(Self { columns, writer })
    }
}

impl<R> Rows<R> for Csv<R> {
    fn write(&mut self, row: &R) -> io::Result<()> {
        for column in &self.columns {
            self.writer.write_field(cell(column, row).as_bytes()).map_err(of_system)?;
        }
        // Ends the record.
        self.writer.write_record(None::<&[u8]>).map_err(of_system)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.writer.into_inner().map_err(|e| e.into_error())?.finish()
    }
}

/// What the system said, of its own kind: a reader who has seen enough is no failure.
fn of_system(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(failure) => failure,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A value as text; empty where there is none. Lists, and texts by name, are JSON.
fn cell<'r, R>(column: &Column<R>, row: &'r R) -> Cow<'r, str> {
    let text = match column.of {
        Of::Text(of) => return of(row).unwrap_or_default(),
        Of::Instant(of) => of(row).map(|at| Timestamp::clamped(at).to_string()),
        Of::Integer(of) => of(row).map(|number| number.to_string()),
        Of::Seconds(of) => of(row).map(|micros| seconds(micros).to_string()),
        Of::Truth(of) => of(row).map(|truth| truth.to_string()),
        Of::Texts(of) => of(row).and_then(|texts| serde_json::to_string(&texts).ok()),
        Of::Pairs(of) => of(row).map(|pairs| object_of(&pairs)),
    };
    text.unwrap_or_default().into()
}
