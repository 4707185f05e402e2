//! What this process takes of the machine.

use std::time::Duration;
use std::{fs, io};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// How many descriptors are open.
pub(super) fn descriptors() -> io::Result<usize> {
    // Reading the list opens one.
    Ok(fs::read_dir("/proc/self/fd")?.count() - 1)
}

/// How much memory is in use, in bytes.
pub(super) fn memory() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|field| field.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(1024 * kib.ok_or_else(|| io::Error::other("/proc/self/status tells no VmRSS"))?)
}

/// How long this process has been given a processor.
pub(super) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Lets this process have `count` descriptors, and no more.
pub(super) fn limit_descriptors(count: u64) -> io::Result<()> {
    let now = getrlimit(Resource::Nofile);
    if let Some(most) = now.maximum.filter(|&most| most < count) {
        return Err(io::Error::other(format!(
            "this takes {count} descriptors, and `ulimit -Hn` allows {most}: use fewer --clients"
        )));
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(count), ..now })?)
}
