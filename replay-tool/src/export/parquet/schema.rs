//! The Parquet types of columns, and how they are encoded.

use crate::export::columns::{Column, Of};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesBuilder;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, Type};
use std::fmt::Write as _;

/// The schema of a table: every column may be without a value.
pub(super) fn of<R>(columns: &[Column<R>]) -> Result<Type, ParquetError> {
    let mut message = String::from("message rows {\n");
    for Column { name, of } in columns {
        // Writing to a text cannot fail.
        let _ = match of {
            Of::Text(_) => writeln!(message, "optional binary {name} (STRING);"),
            Of::Instant(_) => writeln!(message, "optional int64 {name} (TIMESTAMP(MICROS, true));"),
            Of::Integer(_) => writeln!(message, "optional int64 {name};"),
            // 18 digits with 6 decimals are whole microseconds, of 31,000 years.
            Of::Seconds(_) => writeln!(message, "optional int64 {name} (DECIMAL(18, 6));"),
            Of::Truth(_) => writeln!(message, "optional boolean {name};"),
            Of::Texts(_) => writeln!(
                message,
                "optional group {name} (LIST) {{ repeated group list {{ required binary element (STRING); }} }}"
            ),
            Of::Pairs(_) => writeln!(
                message,
                "optional group {name} (MAP) {{ repeated group key_value {{
                    required binary key (STRING); required binary value (STRING); }} }}"
            ),
        };
    }
    message.push('}');
    parse_message_type(&message)
}

/// Texts have a dictionary, as long as it is small; of numbers the differences are kept.
pub(super) fn encoded<R>(column: &Column<R>, properties: WriterPropertiesBuilder) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(column.name);
    match column.of {
        Of::Instant(_) | Of::Integer(_) | Of::Seconds(_) => properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        Of::Text(_) | Of::Truth(_) | Of::Texts(_) | Of::Pairs(_) => properties,
    }
}
