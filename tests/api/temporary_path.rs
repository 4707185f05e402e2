use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

/// A path that no other test uses, short enough for a socket; what is made there goes
/// with it.
pub(crate) struct TemporaryPath(PathBuf);

impl TemporaryPath {
    pub(crate) fn new(name: &str) -> TemporaryPath {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("omnipoll-{}-{count}-{name}", std::process::id());
        TemporaryPath(env::temp_dir().join(name))
    }
}

impl AsRef<Path> for TemporaryPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        // A test that failed may not have made it.
        let _ = fs::remove_file(&self.0);
    }
}
