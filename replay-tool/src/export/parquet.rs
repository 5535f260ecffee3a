//! Tables as Parquet: a row group at a time is gathered, then written column by column.

mod buffer;
mod schema;
#[cfg(test)]
mod tests;

use super::columns::{Column, Rows};
use super::out::Out;
use buffer::Buffer;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::io;
use std::sync::Arc;

/// How many rows a group has at most: what DuckDB works on at a time. Few in tests, so that there are groups.
const GROUP_ROWS: usize = if cfg!(test) { 3 } else { 122_880 };
/// How many bytes of values a group gathers at most; a row more may come on top.
const GROUP_BYTES: usize = if cfg!(test) { 4 << 10 } else { 64 << 20 };
const ZSTD_LEVEL: i32 = 3;

/// A table being written.
pub(super) struct Parquet<R> {
    columns: Vec<(Column<R>, Buffer)>,
    rows: usize,
    writer: SerializedFileWriter<Out>,
}

impl<R> Parquet<R> {
    pub(super) fn begin(columns: Vec<Column<R>>, out: Out) -> io::Result<Self> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(failed)?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level));
        let properties = columns.iter().fold(properties, |properties, column| schema::encoded(column, properties));
        let schema = schema::of(&columns).map_err(failed)?;
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build()));
        let columns = columns.into_iter().map(|column| {
            let buffer = Buffer::of(&column.of);
            (column, buffer)
        });
        Ok(Self { columns: columns.collect(), rows: 0, writer: writer.map_err(failed)? })
    }

    /// Writes what was gathered as a row group.
    fn flush(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for (_, buffer) in &mut self.columns {
            buffer.write(&mut group).map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.rows = 0;
        Ok(())
    }
}

impl<R> Rows<R> for Parquet<R> {
    fn write(&mut self, row: &R) -> io::Result<()> {
        let mut bytes = 0;
        for (column, buffer) in &mut self.columns {
            buffer.push(&column.of, row);
            bytes += buffer.bytes();
        }
        self.rows += 1;
        if GROUP_ROWS <= self.rows || GROUP_BYTES <= bytes {
            return self.flush();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()?;
        self.writer.into_inner().map_err(failed)?.finish()
    }
}

/// What the system said, where it was the system.
fn failed(e: ParquetError) -> io::Error {
    match e {
        ParquetError::External(e) => match e.downcast::<io::Error>() {
            Ok(e) => *e,
            Err(e) => io::Error::other(e),
        },
        other => io::Error::other(other),
    }
}
