//! Results for machines: as JSON and as CSV.

use crate::Failure;
use crate::out;

/// Prints a value as one line of JSON.
///
/// # Errors
///
/// As [`out::print`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).map_err(Failure::run)?;
    out::print(&(json + "\n"))
}

/// Records as CSV, lines ended as RFC 4180 has them.
pub(crate) fn csv_of<'r>(records: impl IntoIterator<Item = &'r [String]>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        // Writing to memory cannot fail, and every record has as many fields as the first.
        let _ = writer.write_record(record);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
