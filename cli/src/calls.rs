//! Counts the system calls of a run, by ptrace(2) on a child: what the kernel saw,
//! not what a loop believes of itself.
//!
//! The child says where the part begins and ends that counts: it stops itself with
//! a signal before and after, in [`traced`]; [`count`] looks on from outside.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::ptr;

/// What PTRACE_O_TRACESYSGOOD sets in the signal of a stop at a system call.
const AT_SYSTEM_CALL: c_int = 0x80;

/// Runs `part` so that the parent, in [`count`], counts its system calls.
///
/// # Errors
/// Those of `part`, and the system's where it does not let this process be traced.
pub fn traced<T>(part: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    ptrace(libc::PTRACE_TRACEME, 0, 0).map_err(|error| {
        io::Error::new(error.kind(), format!("this system refuses ptrace: {error}"))
    })?;
    let mark = Mark::of_this_thread();
    mark.set()?;
    let result = part()?;
    mark.set()?;
    Ok(result)
}

/// Starts `command` and counts the system calls of the part that it runs in [`traced`].
///
/// # Errors
/// What the command wrote to its standard error, where it ended before its part did.
pub fn count(command: &mut Command) -> io::Result<u64> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    match follow(child.id() as c_int) {
        // It has ended and was waited for: std must not signal a number that may be another's.
        Ok(None) => Err(io::Error::other(last_words(&mut child)?)),
        stopped => {
            child.kill()?;
            child.wait()?;
            Ok(stopped?.unwrap_or_default())
        }
    }
}

/// Counts the system calls between the two marks of process `pid`; `None` if it ended early.
fn follow(pid: c_int) -> io::Result<Option<u64>> {
    if !runs_to_mark(pid)? {
        return Ok(None);
    }
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
    ptrace(libc::PTRACE_SETOPTIONS, pid, c_long::from(options))?;
    let mut stops: u64 = 0;
    let mut signal = 0;
    loop {
        ptrace(libc::PTRACE_SYSCALL, pid, c_long::from(signal))?;
        let status = wait(pid)?;
        if !libc::WIFSTOPPED(status) {
            return Ok(None);
        }
        signal = match libc::WSTOPSIG(status) {
            stop if stop == libc::SIGTRAP | AT_SYSTEM_CALL => {
                stops += 1;
                0
            }
            // Each call stops twice, where it enters and where it leaves; the last
            // one is that of the mark.
            libc::SIGSTOP => return Ok(Some((stops / 2).saturating_sub(1))),
            other => other,
        };
    }
}

/// Lets process `pid` run to its first mark; false if it ends before.
fn runs_to_mark(pid: c_int) -> io::Result<bool> {
    loop {
        let status = wait(pid)?;
        if !libc::WIFSTOPPED(status) {
            return Ok(false);
        }
        match libc::WSTOPSIG(status) {
            libc::SIGSTOP => return Ok(true),
            other => ptrace(libc::PTRACE_CONT, pid, c_long::from(other))?,
        }
    }
}

/// Stops its thread by exactly one system call.
struct Mark {
    process: libc::pid_t,
    thread: c_long,
}

impl Mark {
    fn of_this_thread() -> Mark {
        // SAFETY: neither call takes anything.
        unsafe { Mark { process: libc::getpid(), thread: libc::syscall(libc::SYS_gettid) } }
    }

    fn set(&self) -> io::Result<()> {
        let (process, thread) = (c_long::from(self.process), self.thread);
        // SAFETY: the call takes three numbers.
        let result = unsafe {
            libc::syscall(libc::SYS_tgkill, process, thread, c_long::from(libc::SIGSTOP))
        };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

fn ptrace(request: libc::c_uint, pid: c_int, data: c_long) -> io::Result<()> {
    // SAFETY: of the requests in this file none reads or writes through an address.
    let result = unsafe { libc::ptrace(request, pid, ptr::null_mut::<()>(), data) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn wait(pid: c_int) -> io::Result<c_int> {
    let mut status = 0;
    // SAFETY: the status lives through the call.
    let result = unsafe { libc::waitpid(pid, &mut status, libc::__WALL) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(status) }
}

/// What a child that has ended wrote to its standard error.
fn last_words(child: &mut Child) -> io::Result<String> {
    let mut words = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut words)?;
    }
    Ok(words.trim().to_owned())
}
