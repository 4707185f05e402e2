//! Named pipes, over the same port as the polls of sockets.
//!
//! Windows tells of no pipe whether it is ready, only when an operation on it has ended. So
//! readiness is made of operations: one read is always under way, and what it has brought is
//! what a caller reads; what a caller writes is copied, and the pipe is writable again when
//! that has gone out.
//!
//! A pipe belongs to one port for good. When the poll of that port is gone, nothing more is
//! begun, since nobody would learn of its end, and what is under way ends with the pipe: a
//! packet that nobody takes out would keep the pipe, and that the port.
#![allow(unsafe_code)]

use std::io;
use std::mem::{self, ManuallyDrop};
use std::os::windows::io::{AsRawHandle, OwnedHandle, RawHandle};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_CONNECTED,
    ERROR_PIPE_LISTENING,
};
use windows_sys::Win32::System::Pipes::DisconnectNamedPipe;

use super::operation::{Act, End, Operation};
use super::port::Port;
use crate::backend::told::Told;
use crate::event::{Events, Readiness};
use crate::{Interest, Token};

/// How much one read asks for, and how much of one write is taken.
const BUFFER: usize = 64 * 1024;

/// One end of a named pipe.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// Closed with the pipe, unless somebody else has it by then.
    handle: ManuallyDrop<OwnedHandle>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    owner: Owner,
    /// The port that the handle belongs to, from its first registration on and for good.
    port: Option<Arc<Port>>,
    registration: Option<Registration>,
    connection: Connection,
    reading: Reading,
    writing: Writing,
    /// A packet that has the port look at the pipe is on its way.
    is_posted: bool,
}

/// Who has the handle.
#[derive(Debug, Default, PartialEq, Eq)]
enum Owner {
    /// The program, by a `NamedPipe`.
    #[default]
    Source,
    /// Nobody: it is closed when what was written has gone out.
    Nobody,
    /// Somebody to whom it was given away.
    Other,
}

#[derive(Debug)]
struct Registration {
    token: Token,
    interest: Interest,
    /// What is ready, and was not told.
    untold: Readiness,
    /// It is a oneshot that has fired.
    is_asleep: bool,
    told: Told,
}

#[derive(Debug, Default)]
enum Connection {
    /// As the pipe was when it was opened, or connected since.
    #[default]
    Open,
    /// To be waited for once there is a port to be told by.
    Wanted,
    Pending(Arc<Operation>),
    Failed(io::Error),
    /// This end has ended it.
    Ended,
}

#[derive(Debug, Default)]
enum Reading {
    /// There is nobody to read from yet, or any more, or no port to be told by.
    #[default]
    Idle,
    Pending(Arc<Operation>),
    /// What was read, and how much of it was taken.
    Done(Vec<u8>, usize),
    Failed(io::Error),
}

#[derive(Debug, Default)]
enum Writing {
    #[default]
    Idle,
    Pending(Arc<Operation>),
    Failed(io::Error),
}

impl Pipe {
    pub(crate) fn new(handle: OwnedHandle) -> Arc<Pipe> {
        Arc::new(Pipe { handle: ManuallyDrop::new(handle), state: Mutex::default() })
    }

    pub(crate) fn handle(&self) -> &OwnedHandle {
        &self.handle
    }

    /// Registers it with `port`.
    pub(super) fn register(
        self: &Arc<Pipe>,
        port: &Arc<Port>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let mut state = self.state();
        if state.registration.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        match &state.port {
            Some(known) if !Arc::ptr_eq(known, port) => return Err(belongs_to_another()),
            Some(_) => {}
            None => {
                port.adopt(self)?;
                state.port = Some(Arc::clone(port));
            }
        }
        self.enroll(&mut state, Registration::new(token, interest))
    }

    pub(super) fn reregister(self: &Arc<Pipe>, token: Token, interest: Interest) -> io::Result<()> {
        let mut state = self.state();
        if state.registration.is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.enroll(&mut state, Registration::new(token, interest))
    }

    pub(super) fn deregister(&self) -> io::Result<()> {
        match self.state().registration.take() {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Puts `registration` in the place of the one before, which stays if that fails.
    fn enroll(self: &Arc<Pipe>, state: &mut State, registration: Registration) -> io::Result<()> {
        let before = state.registration.replace(registration);
        if matches!(state.connection, Connection::Wanted) {
            match self.listen(state) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    state.connection = Connection::Failed(error);
                }
                Ok(()) | Err(_) => {}
            }
        }
        let armed = self.arm(state);
        if armed.is_err() {
            state.registration = before;
        }
        armed
    }

    /// Has what is ready told.
    fn arm(self: &Arc<Pipe>, state: &mut State) -> io::Result<()> {
        self.read_on(state);
        let ready = state.ready();
        self.became(state, ready)
    }

    /// Waits for somebody to connect to the other end.
    pub(crate) fn connect(self: &Arc<Pipe>) -> io::Result<()> {
        let mut state = self.state();
        if let Some(error) = state.connection.take_error() {
            return Err(error);
        }
        if state.port.is_none() {
            state.connection = Connection::Wanted;
        }
        match state.connection {
            Connection::Wanted | Connection::Pending(_) => Err(io::ErrorKind::WouldBlock.into()),
            _ => self.listen(&mut state),
        }
    }

    fn listen(self: &Arc<Pipe>, state: &mut State) -> io::Result<()> {
        match self.start(state, Act::Connect, Vec::new(), 0) {
            Ok(operation) => {
                // So there is nobody to read from, or to write to.
                state.connection = Connection::Pending(operation);
                state.reading = Reading::Idle;
                if let Some(registration) = &mut state.registration {
                    registration.untold = registration.untold.without(Readiness::OUT);
                }
                Err(io::ErrorKind::WouldBlock.into())
            }
            Err(error) if has_come(&error) => {
                state.connection = Connection::Open;
                self.arm(state)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the connection of the other end.
    pub(crate) fn disconnect(&self) -> io::Result<()> {
        // Before the call, so that no operation is begun, or found to have ended, between that
        // and what it changes.
        let mut state = self.state();
        // SAFETY: The handle is open.
        if unsafe { DisconnectNamedPipe(self.handle.as_raw_handle()) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // What was read or written before, and what is under way, belongs to the connection
        // that is over: that operation is left behind.
        state.connection = Connection::Ended;
        state.reading = Reading::Idle;
        state.writing = Writing::Idle;
        if let Some(registration) = &mut state.registration {
            registration.untold = Readiness::NONE;
        }
        Ok(())
    }

    pub(crate) fn take_error(&self) -> Option<io::Error> {
        self.state().connection.take_error()
    }

    pub(crate) fn read(self: &Arc<Pipe>, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        if matches!(state.reading, Reading::Idle) {
            // Where it has come to somebody to read from, there is somebody to write to.
            self.arm(&mut state)?;
        }
        match mem::take(&mut state.reading) {
            Reading::Idle => Err(io::ErrorKind::WouldBlock.into()),
            Reading::Pending(operation) => {
                state.reading = Reading::Pending(operation);
                Err(io::ErrorKind::WouldBlock.into())
            }
            Reading::Done(bytes, taken) => {
                let length = buffer.len().min(bytes.len() - taken);
                buffer[..length].copy_from_slice(&bytes[taken..taken + length]);
                if taken + length < bytes.len() {
                    state.reading = Reading::Done(bytes, taken + length);
                    return Ok(length);
                }
                self.read_on(&mut state);
                if matches!(state.reading, Reading::Failed(_)) {
                    // It fails only where the port does, and then nothing is told.
                    let _ = self.became(&mut state, Readiness::IN);
                }
                Ok(length)
            }
            Reading::Failed(error) => {
                // What lasts, as the end does, is found by the next attempt, and is no news.
                self.read_on(&mut state);
                if is_end(&error) { Ok(0) } else { Err(error) }
            }
        }
    }

    pub(crate) fn write(self: &Arc<Pipe>, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            // To the peer, to read nothing is the end.
            return Ok(0);
        }
        let mut state = self.state();
        match mem::take(&mut state.writing) {
            Writing::Idle => {}
            Writing::Pending(operation) => {
                state.writing = Writing::Pending(operation);
                state.open_port()?;
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Writing::Failed(error) => return Err(error),
        }
        let length = bytes.len().min(BUFFER);
        match self.start(&state, Act::Write, bytes[..length].to_vec(), 0) {
            Ok(operation) => state.writing = Writing::Pending(operation),
            Err(error) if is(&error, ERROR_PIPE_LISTENING) => {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Err(error) => return Err(error),
        }
        Ok(length)
    }

    /// Has a read under way, if there is somebody to read from.
    fn read_on(self: &Arc<Pipe>, state: &mut State) {
        let is_open = matches!(state.connection, Connection::Open);
        if state.port.is_none() || !is_open || !matches!(state.reading, Reading::Idle) {
            return;
        }
        state.reading = match self.start(state, Act::Read, Vec::with_capacity(BUFFER), 0) {
            Ok(operation) => Reading::Pending(operation),
            Err(error) if is(&error, ERROR_PIPE_LISTENING) => Reading::Idle,
            Err(error) => Reading::Failed(error),
        };
    }

    /// Starts an operation, if somebody would learn of its end.
    fn start(
        self: &Arc<Pipe>,
        state: &State,
        act: Act,
        bytes: Vec<u8>,
        written: usize,
    ) -> io::Result<Arc<Operation>> {
        Operation::start(self, state.open_port()?, act, bytes, written)
    }

    /// Notes how an operation has ended.
    pub(super) fn ended(self: &Arc<Pipe>, end: End) {
        let mut state = self.state();
        let is_present = |present: &Arc<Operation>| Arc::ptr_eq(present, &end.operation);
        let became = match end.operation.act() {
            Act::Connect if state.connection.pending().is_some_and(is_present) => {
                state.connection = match end.result {
                    Err(error) if !has_come(&error) => Connection::Failed(error),
                    _ => Connection::Open,
                };
                self.read_on(&mut state);
                state.ready()
            }
            Act::Read if state.reading.pending().is_some_and(is_present) => {
                state.reading = match end.result {
                    Ok(_) => Reading::Done(end.bytes, 0),
                    Err(error) if is(&error, ERROR_OPERATION_ABORTED) => Reading::Idle,
                    Err(error) => Reading::Failed(error),
                };
                // Somebody may have cancelled it by the handle.
                self.read_on(&mut state);
                state.ready().within(Readiness::IN)
            }
            Act::Write if state.writing.pending().is_some_and(is_present) => {
                state.writing = self.after_write(&state, end);
                if state.writing.pending().is_some() {
                    return;
                }
                Readiness::OUT
            }
            _ => return,
        };
        if let Some(registration) = &mut state.registration {
            registration.untold = registration.untold.with(became);
        }
    }

    /// Goes on with a write that came up short.
    fn after_write(self: &Arc<Pipe>, state: &State, end: End) -> Writing {
        let written = match end.result {
            Ok(length) => end.operation.written() + length,
            Err(error) => return Writing::Failed(error),
        };
        if written >= end.bytes.len() {
            return Writing::Idle;
        }
        match self.start(state, Act::Write, end.bytes, written) {
            Ok(operation) => Writing::Pending(operation),
            Err(error) => Writing::Failed(error),
        }
    }

    /// Has it told that `ready` arose.
    fn became(self: &Arc<Pipe>, state: &mut State, ready: Readiness) -> io::Result<()> {
        let Some(registration) = &mut state.registration else { return Ok(()) };
        registration.untold = registration.untold.with(ready);
        if registration.untold.is_empty() {
            return Ok(());
        }
        self.post(state)
    }

    fn post(self: &Arc<Pipe>, state: &mut State) -> io::Result<()> {
        match &state.port {
            Some(port) if !state.is_posted && !port.is_closed() => {
                port.look_at(Arc::downgrade(self))?;
                state.is_posted = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Is looked at again in a wait, as a level that lasts.
    pub(super) fn look_again(self: &Arc<Pipe>) -> io::Result<()> {
        self.post(&mut self.state())
    }

    /// Takes note that the packet has come that has the port look at it.
    pub(super) fn was_posted(&self) {
        self.state().is_posted = false;
    }

    /// Tells what is ready; true if it is to be told in the next wait too.
    pub(super) fn report(&self, wait: u32, events: &mut Events) -> bool {
        let mut state = self.state();
        let now = state.ready();
        let Some(registration) = &mut state.registration else { return false };
        if registration.is_asleep {
            return false;
        }
        let is_level = registration.interest.is_level();
        let ready = if is_level { now } else { registration.untold };
        let ready = ready.within(registration.interest.directions());
        registration.untold = Readiness::NONE;
        if ready.is_empty() {
            return false;
        }
        registration.is_asleep = registration.interest.is_oneshot();
        registration.told.tell(registration.token, ready, wait, events);
        is_level
    }

    /// Tells what is ready, if levels are to be told of it.
    pub(super) fn report_level(&self, wait: u32, events: &mut Events) {
        let is_level = |registration: &Registration| registration.interest.is_level();
        if self.state().registration.as_ref().is_some_and(is_level) {
            self.report(wait, events);
        }
    }

    /// Ends what is under way, save for a write while there is a poll to be told of its end.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        if state.owner == Owner::Other {
            return;
        }
        state.owner = Owner::Nobody;
        state.registration = None;
        self.cancel_inward(&state);
        state.connection = Connection::Ended;
        state.reading = Reading::Idle;
        let port = match &state.port {
            Some(port) if port.is_closed() => Arc::clone(port),
            _ => return,
        };
        self.cancel_writing(&state);
        drop(state);
        port.drain(|| self.is_writing(), |packet| drop(packet.note()));
    }

    /// Is closed, but for the handle, which the caller owns from then on.
    pub(crate) fn give_away(&self) -> RawHandle {
        self.close();
        let mut state = self.state();
        state.owner = Owner::Other;
        // A write that is under way goes on, and has nobody to tell of its end.
        state.writing = Writing::Idle;
        self.handle.as_raw_handle()
    }

    /// Has the kernel end what it could tell nobody of any more, since the poll is going.
    pub(super) fn leave_port(&self) {
        let state = self.state();
        self.cancel_inward(&state);
        if state.owner == Owner::Nobody {
            self.cancel_writing(&state);
        }
    }

    /// Whether a write is under way that is left to arrive when the poll has gone.
    pub(super) fn outlives_its_poll(&self) -> bool {
        let state = self.state();
        state.owner == Owner::Source && state.writing.pending().is_some()
    }

    fn is_writing(&self) -> bool {
        self.state().writing.pending().is_some()
    }

    fn cancel_inward(&self, state: &State) {
        let under_way = [state.connection.pending(), state.reading.pending()];
        for operation in under_way.into_iter().flatten() {
            operation.cancel(&self.handle);
        }
    }

    fn cancel_writing(&self, state: &State) {
        if let Some(operation) = state.writing.pending() {
            operation.cancel(&self.handle);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.owner != Owner::Other {
            // SAFETY: It is dropped here alone, and not used after it.
            unsafe { ManuallyDrop::drop(&mut self.handle) };
        }
    }
}

impl State {
    /// The port, where somebody takes packets out.
    fn open_port(&self) -> io::Result<&Port> {
        match &self.port {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(port) if port.is_closed() => Err(has_lost_its_poll()),
            Some(port) => Ok(port),
        }
    }

    fn ready(&self) -> Readiness {
        let mut ready = Readiness::NONE;
        if matches!(self.reading, Reading::Done(..) | Reading::Failed(_)) {
            ready = ready.with(Readiness::IN);
        }
        // Where there is nobody to read from, there is nobody to write to.
        let has_peer = !matches!(self.reading, Reading::Idle);
        let has_room = has_peer && !matches!(self.writing, Writing::Pending(_));
        if has_room || matches!(self.connection, Connection::Failed(_)) {
            ready = ready.with(Readiness::OUT);
        }
        ready
    }
}

impl Registration {
    fn new(token: Token, interest: Interest) -> Registration {
        let (untold, told) = (Readiness::NONE, Told::default());
        Registration { token, interest, untold, is_asleep: false, told }
    }
}

impl Connection {
    fn pending(&self) -> Option<&Arc<Operation>> {
        if let Connection::Pending(operation) = self { Some(operation) } else { None }
    }

    fn take_error(&mut self) -> Option<io::Error> {
        match mem::take(self) {
            Connection::Failed(error) => Some(error),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl Reading {
    fn pending(&self) -> Option<&Arc<Operation>> {
        if let Reading::Pending(operation) = self { Some(operation) } else { None }
    }
}

impl Writing {
    fn pending(&self) -> Option<&Arc<Operation>> {
        if let Writing::Pending(operation) = self { Some(operation) } else { None }
    }
}

pub(super) fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code as i32)
}

/// Whether an error of a wait for a peer says that one has come, though it may have gone since.
fn has_come(error: &io::Error) -> bool {
    is(error, ERROR_PIPE_CONNECTED) || is(error, ERROR_NO_DATA)
}

/// Of a peer that is gone, both are said.
fn is_end(error: &io::Error) -> bool {
    is(error, ERROR_BROKEN_PIPE) || is(error, ERROR_NO_DATA)
}

#[cold]
fn belongs_to_another() -> io::Error {
    io::Error::new(
        io::ErrorKind::AlreadyExists,
        "this pipe was registered with another poll, and Windows binds it to that for good: open \
         it anew for this one",
    )
}

#[cold]
fn has_lost_its_poll() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "the poll of this pipe was dropped, and Windows binds it to that for good: open it anew",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::*;
    use crate::backend::Mechanism;
    use crate::backend::iocp::Iocp;
    use crate::windows::NamedPipe;

    /// A pipe that listens.
    fn any_pipe(name: &str) -> Arc<Pipe> {
        let name = format!(r"\\.\pipe\omnipoll-unit-{}-{name}", std::process::id());
        Pipe::new(NamedPipe::new(name).unwrap().into())
    }

    fn failure() -> io::Error {
        io::ErrorKind::OutOfMemory.into()
    }

    #[test]
    fn what_fails_is_told_once() {
        let iocp = Iocp::open().unwrap();
        let pipe = any_pipe("told-once");
        iocp.add_pipe(&pipe, Token(0), Interest::READABLE).unwrap();
        pipe.state().reading = Reading::Failed(failure());
        assert_eq!(pipe.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        assert_eq!(pipe.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        pipe.close();
    }

    #[test]
    fn one_that_cannot_be_looked_at_keeps_no_other_from_it() {
        let iocp = Iocp::open().unwrap();
        let (lame, sound) = (any_pipe("lame"), any_pipe("sound"));
        iocp.add_pipe(&sound, Token(0), Interest::READABLE).unwrap();
        lame.state().port = Some(Arc::new(Port::broken()));
        let mut shared = iocp.shared();
        shared.due_pipes = vec![Arc::downgrade(&lame), Arc::downgrade(&sound)];
        shared.ask_what_is_due().unwrap_err();
        assert!(sound.state().is_posted);
        let due: Vec<_> = shared.due_pipes.iter().filter_map(Weak::upgrade).collect();
        assert!(matches!(&due[..], [due] if Arc::ptr_eq(due, &lame)));
    }

    #[test]
    fn what_cannot_be_registered_is_not() {
        let iocp = Iocp::open().unwrap();
        let pipe = any_pipe("not-registered");
        pipe.state().port = Some(Arc::new(Port::broken()));
        // So that there is something to tell, which cannot be posted.
        pipe.state().connection = Connection::Failed(failure());
        let port = Arc::clone(pipe.state().port.as_ref().expect("it has one"));
        pipe.register(&port, Token(0), Interest::WRITABLE).unwrap_err();
        assert!(pipe.state().registration.is_none());
        pipe.state().port = None;
        iocp.add_pipe(&pipe, Token(0), Interest::WRITABLE).unwrap();
        pipe.close();
    }
}
