//! What this process takes of the machine.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Whether descriptors can run short.
pub(crate) const CAN_RUN_SHORT: bool = true;

/// How many descriptors are open.
pub(crate) fn descriptors() -> io::Result<usize> {
    // Reading the list opens one.
    Ok(fs::read_dir("/proc/self/fd")?.count() - 1)
}

/// How much memory is in use, in bytes.
pub(crate) fn memory() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|field| field.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(1024 * kib.ok_or_else(|| io::Error::other("/proc/self/status tells no VmRSS"))?)
}

/// How long this process has been given a processor.
pub(crate) fn cpu_time() -> Duration {
    time_by(ClockId::ProcessCPUTime)
}

/// How long the calling thread has been given one.
pub(crate) fn thread_cpu_time() -> Duration {
    time_by(ClockId::ThreadCPUTime)
}

fn time_by(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    // Neither is ever negative, nor the second too large.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Where the kernel accounts for one thread, for others to look at.
#[derive(Debug)]
pub(crate) struct ThreadAccount(PathBuf);

impl ThreadAccount {
    /// That of the calling thread: its number is to be had only there.
    pub(crate) fn own() -> io::Result<ThreadAccount> {
        let thread = fs::read_link("/proc/thread-self")?;
        Ok(ThreadAccount(Path::new("/proc").join(thread).join("schedstat")))
    }

    /// How long it has been given a processor.
    pub(crate) fn cpu_time(&self) -> Duration {
        // Of a thread that has ended, or a kernel that keeps no account, nothing is known.
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        let used = text.split(' ').next().and_then(|text| text.parse().ok());
        Duration::from_nanos(used.unwrap_or_default())
    }
}

/// Lets this process have `count` descriptors, and no more.
pub(crate) fn limit_descriptors(count: u64) -> io::Result<()> {
    let now = getrlimit(Resource::Nofile);
    if let Some(most) = now.maximum.filter(|&most| most < count) {
        return Err(io::Error::other(format!(
            "this takes {count} descriptors, and `ulimit -Hn` allows {most}: use fewer --clients"
        )));
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(count), ..now })?)
}
