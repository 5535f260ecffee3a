//! Files and standard input as text, whatever they are packed with.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BUFFER_BYTES: usize = 256 << 10;

/// How a source is called in messages.
#[must_use]
pub fn name_of(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Whether `-` was given.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The bytes to read of all sources together; `None` where one is no plain file.
pub fn bytes_of<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Option<u64> {
    let bytes = |path: &Path| path.metadata().ok().filter(|m| m.is_file() && !is_stdin(path)).map(|m| m.len());
    paths.into_iter().map(bytes).sum()
}

/// Opens a source, unpacking gzip and zstd by their first bytes; `read` counts the bytes as they lie in the file.
///
/// # Errors
///
/// What the system says when the file can't be opened or its first bytes can't be read.
pub fn open(path: &Path, read: Arc<AtomicU64>) -> io::Result<Box<dyn BufRead + Send>> {
    let raw: Box<dyn Read + Send> = if is_stdin(path) { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    let mut counted = Counted { source: raw, read };
    let mut start = Vec::with_capacity(ZSTD.len());
    (&mut counted).take(ZSTD.len() as u64).read_to_end(&mut start)?;
    let (gzip, zstd) = (start.starts_with(GZIP), start == ZSTD);
    let packed = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(start).chain(counted));
    Ok(match (gzip, zstd) {
        (true, _) => Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(packed))),
        (_, true) => Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::Decoder::with_buffer(packed)?)),
        _ => Box::new(packed),
    })
}

/// Counts what is read through it.
struct Counted<R> {
    source: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let read = Arc::new(AtomicU64::new(0));
        let mut text = String::new();
        open(file.path(), Arc::clone(&read)).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(read.load(Ordering::Relaxed), bytes.len() as u64);
        text
    }

    #[test]
    fn files_are_unpacked_by_what_they_begin_with() {
        assert_eq!(unpacked(b""), "");
        assert_eq!(unpacked(b"{"), "{");
        assert_eq!(unpacked("سلام\n".as_bytes()), "سلام\n");
        assert_eq!(unpacked(&zstd::encode_all("زیاد".as_bytes(), 1).unwrap()), "زیاد");
        assert_eq!(unpacked(&[gzip("یک "), gzip("دو")].concat()), "یک دو");
    }
}
