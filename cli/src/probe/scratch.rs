//! A name in the folder for temporary files.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// A name for one file at a time; what gets it is removed when this is dropped.
pub(super) struct Scratch(&'static Path);

impl Scratch {
    pub(super) fn new() -> Scratch {
        // Another process of that number may have died and left its file, or live in
        // another container.
        static NAME: LazyLock<PathBuf> = LazyLock::new(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let name = format!("omnipoll-probe-{}-{}", process::id(), now.as_nanos());
            env::temp_dir().join(name)
        });
        Scratch(&NAME)
    }

    pub(super) fn path(&self) -> &Path {
        self.0
    }

    /// Says of a failure where it was, and how to have it elsewhere.
    pub(super) fn explain(&self, error: &io::Error) -> io::Error {
        let explained = format!("{}: {error}", self.0.display());
        Scratch::advise(&io::Error::new(error.kind(), explained))
    }

    /// As [`explain`](Scratch::explain), of a failure that says itself where it was.
    pub(super) fn advise(error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{error}; TMPDIR names another folder"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // There may be nothing by that name.
        let _ = fs::remove_file(self.0);
    }
}
