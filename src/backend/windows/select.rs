//! [Winsock's select]: three lists of sockets, which the call cuts down to those that are ready.
//!
//! An `fd_set` has room for 64 sockets, but the call takes lists of any length, whose first
//! word says how many there are.
//!
//! The call tells levels in three directions. Ends show as readable, and a connection that
//! could not be made as an exceptional condition, as does urgent data.
//!
//! [Winsock's select]: https://learn.microsoft.com/en-us/windows/win32/api/winsock2/nf-winsock2-select
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{FD_SET, SOCKET, TIMEVAL, WSAENOTSOCK, select};

use super::raw_descriptor::{check_is_open, last_error};
use super::stateless::{Found, StatelessCall};
use super::{Backend, Support};
use crate::event::Readiness;
use crate::os::RawDescriptor;
use crate::signal_set::SignalSet;

/// Three lists of sockets, as the call is asked and as it answers.
#[derive(Debug, Default)]
pub(super) struct FdSets {
    wanted: HashMap<RawDescriptor, Readiness>,
    reading: List,
    writing: List,
    exceptional: List,
    found: Vec<(RawDescriptor, Found)>,
}

/// An `fd_set` of any length: how many sockets there are, in a whole word, as the layout has it
/// on machines of either size, and then these.
#[derive(Debug)]
struct List(Vec<SOCKET>);

impl Default for List {
    fn default() -> List {
        List(vec![0])
    }
}

impl List {
    fn clear(&mut self) {
        self.0.truncate(1);
    }

    fn push(&mut self, socket: RawDescriptor) {
        self.0.push(socket as SOCKET);
    }

    /// Writes the head, and returns what the call takes: nothing for an empty list.
    fn as_mut_ptr(&mut self) -> *mut FD_SET {
        let count = self.0.len() - 1;
        if count == 0 {
            return ptr::null_mut();
        }
        // The count is 32 bits wide; on a machine of 64, padding follows it.
        self.0[0] = count;
        self.0.as_mut_ptr().cast()
    }

    /// The sockets that the call has left in it.
    fn sockets(&self) -> &[SOCKET] {
        let count = if self.0.len() > 1 { self.0[0] as u32 as usize } else { 0 };
        &self.0[1..=count]
    }
}

impl StatelessCall for FdSets {
    const BACKEND: Backend = Backend::Select;
    const HANG_UP: Support = Support::Absent;
    const SUB_MILLISECOND: Support = Support::Native;
    const SIGNAL_MASK: Support = Support::Absent;
    // It may fail, or look at another socket that has the number by then.
    const HOLDS_FILES: bool = true;

    fn open() -> io::Result<FdSets> {
        Ok(FdSets::default())
    }

    fn watch(&mut self, socket: RawDescriptor, directions: Readiness) {
        self.found.retain(|&(other, _)| other != socket);
        if directions.is_empty() {
            self.wanted.remove(&socket);
        } else {
            self.wanted.insert(socket, directions);
        }
    }

    fn forget(&mut self, socket: RawDescriptor) {
        self.watch(socket, Readiness::NONE);
    }

    fn call(
        &mut self,
        _: usize,
        timeout: Option<Duration>,
        _: Option<&SignalSet>,
    ) -> io::Result<usize> {
        if !self.found.is_empty() {
            // There was no room for them the last time.
            return Ok(self.found.len());
        }
        self.fill_lists();
        let [reading, writing, exceptional] =
            [&mut self.reading, &mut self.writing, &mut self.exceptional].map(List::as_mut_ptr);
        let timeout = timeout.map(timeval);
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: Each of the first three is null or points to a list with as many sockets as
        // its head says, which are exclusively borrowed until the call returns; the timeout is
        // null or lives as long.
        let found = unsafe { select(0, reading, writing, exceptional, timeout) };
        if found > 0 {
            self.gather();
        } else if found < 0 {
            let error = last_error();
            if error.raw_os_error() != Some(WSAENOTSOCK) {
                return Err(error);
            }
            let is_closed = |socket: &RawDescriptor| check_is_open(*socket).is_err();
            let closed = self.wanted.keys().copied().filter(is_closed);
            self.found = closed.map(|socket| (socket, Found::NotOpen)).collect();
        }
        Ok(self.found.len())
    }

    fn visit(&mut self, _: usize, mut visit: impl FnMut(RawDescriptor, Found) -> ControlFlow<()>) {
        // What there is no room for is found by the next call, before it looks again, so each
        // socket gets its turn.
        while let Some(&(socket, found)) = self.found.last() {
            if visit(socket, found).is_break() {
                return;
            }
            self.found.pop();
        }
    }
}

impl FdSets {
    fn fill_lists(&mut self) {
        let FdSets { wanted, reading, writing, exceptional, .. } = self;
        for list in [&mut *reading, &mut *writing, &mut *exceptional] {
            list.clear();
        }
        for (&socket, &directions) in &*wanted {
            if directions.has(Readiness::IN) {
                reading.push(socket);
            }
            if directions.has(Readiness::OUT) {
                writing.push(socket);
            }
            // Of a connection that fails, nothing else tells.
            if directions.has(Readiness::OUT.with(Readiness::PRI)) {
                exceptional.push(socket);
            }
        }
    }

    /// Makes one list of what the call has left in three.
    fn gather(&mut self) {
        let mut ready = HashMap::<RawDescriptor, Readiness>::new();
        let mut add = |socket: SOCKET, readiness| {
            let known = ready.entry(socket as RawDescriptor).or_insert(Readiness::NONE);
            *known = known.with(readiness);
        };
        self.reading.sockets().iter().for_each(|&socket| add(socket, Readiness::IN));
        self.writing.sockets().iter().for_each(|&socket| add(socket, Readiness::OUT));
        for &socket in self.exceptional.sockets() {
            let directions = self.wanted.get(&(socket as RawDescriptor)).copied();
            let told = Readiness::PRI.with(Readiness::OUT);
            add(socket, directions.unwrap_or(Readiness::NONE).within(told));
        }
        self.found.extend(ready.into_iter().map(|(socket, ready)| (socket, Found::Ready(ready))));
    }
}

/// `timeout` in microseconds, rounded up; what is too long is the longest time.
fn timeval(timeout: Duration) -> TIMEVAL {
    let rounded_up = timeout.saturating_add(Duration::from_nanos(999));
    TIMEVAL {
        tv_sec: i32::try_from(rounded_up.as_secs()).unwrap_or(i32::MAX),
        tv_usec: rounded_up.subsec_micros() as i32,
    }
}
