//! A disk rebuilt from a trace of system calls: what lay on it at any moment, and what a power cut would leave.
//!
//! A kill leaves what every call that ended has written. A power cut leaves what was synced, by file and by directory,
//! and any part of what was not.

use crate::history::Dice;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The calls that change a disk or make its contents durable, as `strace` names them. [`calls_of`] stops at one that is
/// traced but not known here.
pub const CHANGING: &str = "openat,mkdir,pwrite64,write,ftruncate,rename,unlink,fsync,fdatasync,sync_file_range,\
                            pwritev,writev,pwritev2,fallocate,creat,open,link,linkat,symlink,mkdirat,renameat,\
                            renameat2,unlinkat,rmdir,truncate,sync,syncfs,msync,copy_file_range,sendfile,splice";

/// One thing a traced program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Made a directory.
    MakeDir(String),
    /// Opened a file that is made where it is missing.
    Create(String),
    /// Wrote into a file; at its end where no place is given.
    Write(String, Option<usize>, Vec<u8>),
    /// Cut or lengthened a file.
    SetLen(String, usize),
    /// Gave another name.
    Rename(String, String),
    /// Took a name away.
    Remove(String),
    /// Synced a file or a directory.
    Sync(String),
    /// Wrote to its standard output.
    Say(String),
}

/// A call of a trace: its change, and the lines where it began and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What it did.
    pub change: Change,
    /// Where it began.
    pub began: usize,
    /// Where it ended.
    pub ended: usize,
}

/// Reads what `strace -f -y -xx` wrote of [`CHANGING`] calls, in the order in which they ended; those that failed are
/// left out.
///
/// # Panics
///
/// When a call is one that the disk does not know how to repeat.
#[must_use]
pub fn calls_of(trace: &str) -> Vec<Call> {
    let mut begun: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut calls = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let (began, call, end) = if let Some(call) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (at, call));
            continue;
        } else if rest.starts_with("<... ") {
            let Some((began, call)) = begun.remove(process) else { continue };
            (began, call, rest)
        } else {
            (at, rest, rest)
        };
        let failed = end.rsplit_once(" = ").is_none_or(|(_, answer)| answer.starts_with(['-', '?']));
        if let Some(change) = change_of(call).filter(|_| !failed) {
            calls.push(Call { change, began, ended: at });
        }
    }
    calls
}

fn change_of(call: &str) -> Option<Change> {
    let (name, arguments) = call.split_once('(')?;
    let arguments =
        arguments.rsplit_once(" = ").map_or(arguments, |(before, _)| before).trim_end().trim_end_matches(')');
    let words: Vec<&str> = arguments.split(", ").collect();
    let number = |word: usize| words[word].trim().parse().unwrap_or_else(|_| panic!("{call} has a number"));
    Some(match name {
        "openat" if arguments.contains("O_CREAT") => Change::Create(text(words[1])),
        "openat" | "sync_file_range" => return None,
        "mkdir" => Change::MakeDir(text(words[0])),
        "pwrite64" => Change::Write(file(words[0]), Some(number(3)), bytes(words[1])),
        "write" => {
            let written = bytes(words[1]);
            if words[0].starts_with("1<") {
                return Some(Change::Say(String::from_utf8_lossy(&written).into_owned()));
            }
            Change::Write(file(words[0]), None, written)
        }
        "ftruncate" => Change::SetLen(file(words[0]), number(1)),
        "rename" => Change::Rename(text(words[0]), text(words[1])),
        "unlink" => Change::Remove(text(words[0])),
        "fsync" | "fdatasync" => Change::Sync(file(words[0])),
        other => panic!("the disk does not know how to repeat {other}"),
    })
}

/// The path in `5<\x2f...>`.
fn file(word: &str) -> String {
    let path = word.split_once('<').map_or("", |(_, path)| path.trim_end_matches('>'));
    text(path)
}

fn text(word: &str) -> String {
    String::from_utf8_lossy(&bytes(word)).into_owned()
}

/// The bytes of a text in which every byte is written `\x2f`.
fn bytes(word: &str) -> Vec<u8> {
    let digits = word.trim_matches('"').split("\\x").skip(1);
    digits.filter_map(|byte| u8::from_str_radix(byte.get(..2)?, 16).ok()).collect()
}

/// What a write did to a file's bytes.
#[derive(Debug, Clone)]
enum Edit {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, written) => {
                bytes.resize(bytes.len().max(at + written.len()), 0);
                bytes[*at..at + written.len()].copy_from_slice(written);
            }
            Self::SetLen(len) => bytes.resize(*len, 0),
        }
    }
}

type Names = BTreeMap<String, usize>;

/// A file's bytes or a directory's names, now and as they were last synced.
#[derive(Debug, Clone)]
enum Node {
    File { now: Vec<u8>, synced: Vec<u8>, unsynced: Vec<(usize, Edit)> },
    Dir { now: Names, synced: Names },
}

/// What a stop of the machine leaves.
#[derive(Debug)]
pub enum Left<'a> {
    /// Everything that was written: the process was killed.
    Written,
    /// What was synced, and nothing else.
    Synced,
    /// What was synced, and a part of what was not.
    Some(&'a mut Dice),
}

/// A directory and everything under it.
#[derive(Debug, Clone)]
pub struct Disk {
    root: String,
    nodes: Vec<Node>,
}

impl Disk {
    /// What lies in `root`, all of it durable.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn of(root: &Path) -> io::Result<Self> {
        let mut disk = Self { root: root.display().to_string(), nodes: Vec::new() };
        disk.load(root)?;
        Ok(disk)
    }

    fn load(&mut self, path: &Path) -> io::Result<usize> {
        let number = self.nodes.len();
        if !path.is_dir() {
            let now = std::fs::read(path)?;
            self.nodes.push(Node::File { synced: now.clone(), now, unsynced: Vec::new() });
            return Ok(number);
        }
        self.nodes.push(Node::Dir { now: Names::new(), synced: Names::new() });
        let mut names = Names::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            names.insert(entry.file_name().to_string_lossy().into_owned(), self.load(&entry.path())?);
        }
        self.nodes[number] = Node::Dir { now: names.clone(), synced: names };
        Ok(number)
    }

    /// The path below the root; none where it lies elsewhere.
    fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(&self.root).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn find(&self, path: &str) -> Option<usize> {
        self.inside(path)?.split('/').filter(|name| !name.is_empty()).try_fold(0, |dir, name| match &self.nodes[dir] {
            Node::Dir { now, .. } => now.get(name).copied(),
            Node::File { .. } => None,
        })
    }

    /// The names of the directory that a path lies in, and the path's own name there.
    fn names_around<'p>(&mut self, path: &'p str) -> Option<(&mut Names, &'p str)> {
        let (above, name) = path.rsplit_once('/')?;
        let number = self.find(above)?;
        match &mut self.nodes[number] {
            Node::Dir { now, .. } => Some((now, name)),
            Node::File { .. } => None,
        }
    }

    fn name(&mut self, path: &str, number: usize) {
        if let Some((names, name)) = self.names_around(path) {
            names.insert(name.to_owned(), number);
        }
    }

    fn unname(&mut self, path: &str) {
        if let Some((names, name)) = self.names_around(path) {
            names.remove(name);
        }
    }

    fn make(&mut self, path: &str, node: Node) {
        if self.inside(path).is_some() && self.find(path).is_none() {
            self.nodes.push(node);
            self.name(path, self.nodes.len() - 1);
        }
    }

    fn edit(&mut self, path: &str, ended: usize, edit: impl FnOnce(usize) -> Edit) {
        let Some(number) = self.find(path) else { return };
        if let Node::File { now, unsynced, .. } = &mut self.nodes[number] {
            let edit = edit(now.len());
            edit.apply(now);
            unsynced.push((ended, edit));
        }
    }

    /// Does what the call did; what it did outside the root is passed over.
    pub fn apply(&mut self, call: &Call) {
        match &call.change {
            Change::MakeDir(path) => self.make(path, Node::Dir { now: Names::new(), synced: Names::new() }),
            Change::Create(path) => {
                self.make(path, Node::File { now: Vec::new(), synced: Vec::new(), unsynced: Vec::new() });
            }
            Change::Write(path, at, bytes) => {
                self.edit(path, call.ended, |len| Edit::Write(at.unwrap_or(len), bytes.clone()));
            }
            Change::SetLen(path, len) => self.edit(path, call.ended, |_| Edit::SetLen(*len)),
            Change::Rename(from, to) => {
                if let Some(number) = self.find(from) {
                    self.unname(from);
                    self.name(to, number);
                }
            }
            Change::Remove(path) => self.unname(path),
            Change::Sync(path) => self.sync(path, call.began),
            Change::Say(_) => {}
        }
    }

    /// Makes durable what had ended when the sync began.
    fn sync(&mut self, path: &str, began: usize) {
        let Some(number) = self.find(path) else { return };
        match &mut self.nodes[number] {
            Node::Dir { now, synced } => synced.clone_from(now),
            Node::File { synced, unsynced, .. } => {
                let (covered, later) = std::mem::take(unsynced).into_iter().partition(|(ended, _)| *ended < began);
                let covered: Vec<(usize, Edit)> = covered;
                covered.iter().for_each(|(_, edit)| edit.apply(synced));
                *unsynced = later;
            }
        }
    }

    /// Writes what a stop leaves into an empty directory.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn leave(&self, mut left: Left<'_>, to: &Path) -> io::Result<()> {
        self.leave_node(0, &mut left, to)
    }

    fn leave_node(&self, number: usize, left: &mut Left<'_>, to: &Path) -> io::Result<()> {
        match &self.nodes[number] {
            Node::File { now, synced, unsynced } => std::fs::write(to, left_of(now, synced, unsynced, left)),
            Node::Dir { now, synced } => {
                std::fs::create_dir_all(to)?;
                let both = match left {
                    Left::Written => now,
                    Left::Synced => synced,
                    // Names are made durable in the order of the calls by every file system we know: all or none.
                    Left::Some(dice) => [now, synced][usize::from(dice.below(2) == 0)],
                };
                both.iter().try_for_each(|(name, number)| self.leave_node(*number, left, &to.join(name)))
            }
        }
    }
}

fn left_of(now: &[u8], synced: &[u8], unsynced: &[(usize, Edit)], left: &mut Left<'_>) -> Vec<u8> {
    match left {
        Left::Written => now.to_vec(),
        Left::Synced => synced.to_vec(),
        Left::Some(dice) => {
            let mut bytes = synced.to_vec();
            unsynced.iter().filter(|_| dice.below(2) == 0).for_each(|(_, edit)| edit.apply(&mut bytes));
            bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
    }

    /// A trace that makes `/r/d/f`, writes `abc` while it is being synced, then `XY` over its middle.
    fn trace() -> String {
        let (d, f) = (hex("/r/d"), hex("/r/d/f"));
        format!(
            "1 mkdir(\"{d}\", 0777) = 0\n\
             1 openat(AT_FDCWD<{d}>, \"{f}\", O_RDWR|O_CREAT, 0666) = 3<{f}>\n\
             2 fdatasync(3<{f}> <unfinished ...>\n\
             1 pwrite64(3<{f}>, \"{}\", 3, 0) = 3\n\
             2 <... fdatasync resumed>) = 0\n\
             1 fsync(3<{f}>) = 0\n\
             1 mkdir(\"{d}\", 0777) = -1 EEXIST (File exists)\n\
             1 write(1<{}>, \"{}\", 3) = 3\n\
             1 pwrite64(3<{f}>, \"{}\", 2, 1) = 2\n\
             1 fsync(4<{d}>) = 0\n\
             1 fsync(5<{}>) = 0\n",
            hex("abc"),
            hex("pipe:[7]"),
            hex("hi\n"),
            hex("XY"),
            hex("/r")
        )
    }

    fn left_after(calls: &[Call], left: Left<'_>) -> Option<String> {
        let mut disk =
            Disk { root: "/r".to_owned(), nodes: vec![Node::Dir { now: Names::new(), synced: Names::new() }] };
        calls.iter().for_each(|call| disk.apply(call));
        let dir = tempfile::tempdir().unwrap();
        disk.leave(left, dir.path()).unwrap();
        std::fs::read_to_string(dir.path().join("d/f")).ok()
    }

    #[test]
    fn a_power_cut_leaves_what_was_synced_and_a_kill_what_was_written() {
        let calls = calls_of(&trace());
        let words = |calls: &[Call]| (left_after(calls, Left::Written), left_after(calls, Left::Synced));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(calls.len(), 9, "what failed is left out: {calls:?}");
        assert_eq!(calls[5].change, Change::Say("hi\n".to_owned()));
        assert_eq!(words(&calls[..2]), (some(""), None));
        assert_eq!(words(&calls[..6]), (some("abc"), None), "nobody has synced the directories");
        assert_eq!(words(&calls), (some("aXY"), some("abc")), "the second write was never synced");
        let unsynced: Vec<_> = calls.iter().filter(|call| call.began != 5).cloned().collect();
        assert_eq!(words(&unsynced), (some("aXY"), some("")), "a sync does not cover what is written while it runs");
        let torn: std::collections::BTreeSet<_> =
            (0..40).map(|n| left_after(&calls, Left::Some(&mut Dice(n)))).collect();
        assert_eq!(torn, [some("abc"), some("aXY")].into());
    }
}
