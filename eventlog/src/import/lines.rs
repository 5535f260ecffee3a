//! Lines from a reader, in chunks, each line already parsed.

use crate::ndjson::{LINE_BYTES_MAX, Line, parse_line};
use daftar_domain::{Event, Invalid, Limits};
use std::io::{self, BufRead, Read};
use std::ops::Range;

/// The most lines of a chunk.
const CHUNK_LINES_MAX: usize = 8192;
/// A chunk takes no further line once it holds this much text.
const CHUNK_BYTES_FULL: usize = 8 << 20;
/// What is kept of a line: enough to see that it is too long, whatever its line end.
const KEPT_BYTES_MAX: u64 = LINE_BYTES_MAX as u64 + 3;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Lines that follow one another.
#[derive(Debug, Default)]
pub struct Chunk {
    text: Vec<u8>,
    pub(super) lines: Vec<ChunkLine>,
}

/// One line, and what it says or why it says nothing.
#[derive(Debug)]
pub(super) struct ChunkLine {
    /// Its number in its source, from 1.
    pub(super) number: u64,
    /// Where it stands in the chunk's text.
    text: Range<usize>,
    /// What it says.
    pub(super) parsed: Result<Line, String>,
}

impl ChunkLine {
    /// How many bytes of text it has.
    pub(super) fn text_len(&self) -> usize {
        self.text.len()
    }

    /// The position it carries.
    pub(super) fn position(&self) -> Option<u64> {
        self.parsed.as_ref().ok().and_then(|line| line.position)
    }
}

impl Chunk {
    /// How many lines it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What its lines say, of those that say something.
    pub(super) fn parsed(&self) -> impl Iterator<Item = &Line> {
        self.numbered().map(|(_, line)| line)
    }

    /// The same, each with its number.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (u64, &Line)> {
        self.lines.iter().filter_map(|line| line.parsed.as_ref().ok().map(|parsed| (line.number, parsed)))
    }

    /// Its lines, each with its text.
    pub(super) fn into_lines(self) -> impl Iterator<Item = (ChunkLine, Vec<u8>)> {
        let text = self.text;
        self.lines.into_iter().map(move |line| {
            let own = text[line.text.clone()].to_vec();
            (line, own)
        })
    }

    /// Chunks of these lines in this order.
    pub(super) fn of(lines: Vec<(ChunkLine, Vec<u8>)>) -> Vec<Self> {
        let mut chunks: Vec<Self> = Vec::new();
        for (mut line, own) in lines {
            if chunks.last().is_none_or(Self::is_full) {
                chunks.push(Self::default());
            }
            let Some(chunk) = chunks.last_mut() else { continue };
            line.text = chunk.text.len()..chunk.text.len() + own.len();
            chunk.text.extend(own);
            chunk.lines.push(line);
        }
        chunks
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= CHUNK_LINES_MAX || self.text.len() >= CHUNK_BYTES_FULL
    }

    /// A line as it was read, without its line end.
    pub(super) fn text(&self, index: usize) -> &[u8] {
        self.lines.get(index).and_then(|line| self.text.get(line.text.clone())).unwrap_or_default().trim_ascii_end()
    }
}

/// Reads lines, counted from 1. The last one needs no line end; a byte order mark before the first is left out.
#[derive(Debug)]
pub struct LineReader<R> {
    source: R,
    limits: Limits,
    /// How many lines were read.
    lines: u64,
    failure: Option<io::Error>,
}

impl<R: BufRead> LineReader<R> {
    /// Reads from `source`, refusing texts and lists longer than the limits.
    pub fn new(source: R, limits: Limits) -> Self {
        Self { source, limits, lines: 0, failure: None }
    }

    /// The next lines, parsed; `None` at the end.
    ///
    /// # Errors
    ///
    /// What the source says when it can't be read, after everything that could be read was given.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut chunk = Chunk::default();
        while self.failure.is_none() && !chunk.is_full() && self.next_line(&mut chunk) {}
        match self.failure.take() {
            Some(failure) if chunk.is_empty() => Err(failure),
            failure => {
                self.failure = failure;
                Ok((!chunk.is_empty()).then_some(chunk))
            }
        }
    }

    /// Reads one line into the chunk; whether there was one.
    fn next_line(&mut self, chunk: &mut Chunk) -> bool {
        let start = chunk.text.len();
        let read = (&mut self.source).take(KEPT_BYTES_MAX).read_until(b'\n', &mut chunk.text);
        self.failure = read.err();
        let cut = chunk.text.len() - start == LINE_BYTES_MAX + 3 && chunk.text.last() != Some(&b'\n');
        let more = if cut { self.skip_line() } else { 0 };
        if chunk.text.len() == start {
            return false;
        }
        if self.lines == 0 && chunk.text.starts_with(BYTE_ORDER_MARK) {
            chunk.text.drain(..BYTE_ORDER_MARK.len());
        }
        self.lines += 1;
        let text = start..chunk.text.len();
        let parsed = if cut {
            Err(format!("the line has {} bytes: at most {LINE_BYTES_MAX} (1 MB) are allowed", text.len() + more))
        } else {
            parsed(&chunk.text[text.clone()], &self.limits)
        };
        chunk.lines.push(ChunkLine { number: self.lines, text, parsed });
        true
    }

    /// Reads on to the end of a line of which nothing more is kept; its further bytes without the line end.
    fn skip_line(&mut self) -> usize {
        let mut skipped = 0;
        loop {
            let (taken, ended) = match self.source.fill_buf() {
                Ok([]) => return skipped,
                Ok(ahead) => match ahead.iter().position(|byte| *byte == b'\n') {
                    Some(end) => (end, true),
                    None => (ahead.len(), false),
                },
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    self.failure = Some(e);
                    return skipped;
                }
            };
            self.source.consume(taken + usize::from(ended));
            skipped += taken;
            if ended {
                return skipped;
            }
        }
    }
}

/// What a line says, every value within its limits.
fn parsed(text: &[u8], limits: &Limits) -> Result<Line, String> {
    let line = parse_line(text).map_err(|e| e.to_string())?;
    within(limits, &line.event)?;
    Ok(line)
}

fn within(limits: &Limits, event: &Event) -> Result<(), String> {
    limits.check(&event.kind).map_err(|broken| {
        let words: Vec<_> = broken.iter().map(Invalid::to_string).collect();
        words.join("; ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers_and_reasons(text: &[u8]) -> Vec<(u64, String)> {
        let mut lines = LineReader::new(text, Limits::default());
        let mut all = Vec::new();
        while let Some(chunk) = lines.next_chunk().unwrap() {
            all.extend(chunk.lines.into_iter().map(|l| (l.number, l.parsed.err().unwrap_or_default())));
        }
        all
    }

    const RESUMED: &str = r#"{"type":"ticket_resumed","ticket":"A","occurred_at":"2026-01-03T08:12:00Z"}"#;

    #[test]
    fn the_piece_after_the_last_line_end_is_no_line() {
        assert!(numbers_and_reasons(b"").is_empty());
        assert_eq!(numbers_and_reasons(b"\n"), [(1, "the line is empty".to_owned())]);
        let read = numbers_and_reasons(format!("{RESUMED}\r\n \t\n{RESUMED}").as_bytes());
        assert_eq!(read, [(1, String::new()), (2, "the line is empty".to_owned()), (3, String::new())]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(numbers_and_reasons(format!("\u{FEFF}{RESUMED}\n").as_bytes()), [(1, String::new())]);
    }

    #[test]
    fn a_line_beyond_the_limit_is_counted_and_not_kept() {
        let long = format!("{RESUMED}\n{}\n{RESUMED}\n", "x".repeat(3 * LINE_BYTES_MAX));
        let read = numbers_and_reasons(long.as_bytes());
        assert_eq!(read.len(), 3);
        assert!(read[1].1.contains("the line has 3145728 bytes"), "{}", read[1].1);
        assert_eq!(read[2], (3, String::new()));
        let exactly = "x".repeat(LINE_BYTES_MAX) + "\r\n";
        assert!(numbers_and_reasons(exactly.as_bytes())[0].1.contains("not JSON"));
        let one_more = "x".repeat(LINE_BYTES_MAX + 1) + "\r\n";
        assert!(numbers_and_reasons(one_more.as_bytes())[0].1.contains("has 1048577 bytes"));
    }

    #[test]
    fn what_could_be_read_comes_before_the_failure() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let text = format!("{RESUMED}\n{}", &RESUMED[..20]);
        let mut lines = LineReader::new(io::BufReader::new(text.as_bytes().chain(Broken)), Limits::default());
        let chunk = lines.next_chunk().unwrap().unwrap();
        assert_eq!(chunk.len(), 2);
        assert!(chunk.lines[1].parsed.as_ref().unwrap_err().contains("is cut off"));
        assert_eq!(lines.next_chunk().unwrap_err().to_string(), "the disk is gone");
    }
}
