//! Where an export goes: a file that is there as a whole or not at all, or standard output; packed by the file's ending.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The endings of files that are packed.
pub(super) const PACKED_ENDINGS: [&str; 2] = ["gz", "zst"];

const BUFFER_BYTES: usize = 256 << 10;
/// Much smaller than the lowest level makes it, and hardly slower.
const ZSTD_LEVEL: i32 = 3;

/// Something to write to; what was written is there after [`Self::finish`].
pub(super) enum Out {
    Plain(BufWriter<Place>),
    Gzip(GzEncoder<BufWriter<Place>>),
    Zstd(zstd::Encoder<'static, BufWriter<Place>>),
}

/// Where the bytes go.
pub(super) enum Place {
    Stdout(Stdout),
    /// What is no plain file, a pipe for example, is written as it is.
    Stream(File),
    /// Beside the file, in whose place it is put at the end.
    Beside(NamedTempFile, PathBuf),
}

impl Out {
    /// Opens a file, or standard output.
    pub(super) fn open(file: Option<&Path>) -> io::Result<Self> {
        let place = BufWriter::with_capacity(BUFFER_BYTES, file.map_or(Ok(Place::Stdout(io::stdout())), Place::of)?);
        Ok(match file.and_then(Path::extension) {
            Some(end) if end == "gz" => Self::Gzip(GzEncoder::new(place, Compression::default())),
            Some(end) if end == "zst" => Self::Zstd(zstd::Encoder::new(place, ZSTD_LEVEL)?),
            _ => Self::Plain(place),
        })
    }

    /// Writes what is left, and puts the file in its place.
    pub(super) fn finish(self) -> io::Result<()> {
        let place = match self {
            Self::Plain(place) => place,
            Self::Gzip(packer) => packer.finish()?,
            Self::Zstd(packer) => packer.finish()?,
        };
        let mut place = place.into_inner().map_err(io::IntoInnerError::into_error)?;
        place.flush()?;
        match place {
            Place::Beside(written, file) => {
                // Else the name could outlast what it stands for.
                written.as_file().sync_all()?;
                written.persist(file).map(drop).map_err(|e| e.error)
            }
            Place::Stdout(_) | Place::Stream(_) => Ok(()),
        }
    }
}

impl Place {
    fn of(file: &Path) -> io::Result<Self> {
        if file.metadata().is_ok_and(|there| !there.is_file()) {
            return File::options().write(true).open(file).map(Self::Stream);
        }
        let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut beside = tempfile::Builder::new();
        #[cfg(unix)]
        beside.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
        let beside = beside.prefix(".export-").tempfile_in(dir)?;
        if let Ok(there) = file.metadata() {
            // Who may read it stays as it was.
            beside.as_file().set_permissions(there.permissions())?;
        }
        Ok(Self::Beside(beside, file.to_owned()))
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Stream(file) => file.write(bytes),
            Self::Beside(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Stream(file) => file.flush(),
            Self::Beside(file, _) => file.flush(),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
            Self::Zstd(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
            Self::Zstd(out) => out.flush(),
        }
    }
}
