//! A descriptor, and those on its other side that bring it into a state.

use std::any::Any;
use std::io::{self, Read, Write};
use std::time::Duration;

use omnipoll::event::Source;

use super::answers::Answers;
#[cfg(unix)]
use super::scratch::Scratch;
#[cfg(unix)]
use super::settle::STEADY;
use super::settle::{settle, settle_for};

/// What is registered, in the type of the library that is made for it: a backend may treat
/// its own types otherwise than raw descriptors.
#[cfg(unix)]
pub(super) trait Subject: Source + std::os::fd::AsFd {}
#[cfg(unix)]
impl<S: Source + std::os::fd::AsFd> Subject for S {}

/// What is registered, in the type of the library that is made for it.
#[cfg(not(unix))]
pub(super) trait Subject: Source {}
#[cfg(not(unix))]
impl<S: Source> Subject for S {}

/// An end of something, not of the library's types yet.
pub(super) trait End: Sized + 'static {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn send(&self, bytes: &[u8]) -> io::Result<usize>;
}

impl<T: 'static> End for T
where
    for<'a> &'a T: Read + Write,
{
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut end = self;
        end.read(buffer)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut end = self;
        end.write(bytes)
    }
}

/// A step on the way to a state.
pub(super) type Step<T> = fn(&mut Scene<T>) -> io::Result<()>;

pub(super) struct Scene<T> {
    pub(super) ours: T,
    /// The other end first, if there is one.
    pub(super) others: Vec<T>,
    /// What the last step leads to, at least: the kernel may take its time.
    pub(super) awaited: Answers,
    /// The name by which it can be opened once more.
    #[cfg(unix)]
    pub(super) name: Option<Scratch>,
}

/// A descriptor in its state, ready to be registered.
pub(super) struct Staged {
    pub(super) subject: Box<dyn Subject>,
    pub(super) awaited: Answers,
    _others: Box<dyn Any>,
}

impl<T: End> Scene<T> {
    pub(super) fn new(ours: T, others: Vec<T>) -> Scene<T> {
        Scene {
            ours,
            others,
            awaited: Answers::NONE,
            #[cfg(unix)]
            name: None,
        }
    }

    /// A name is not needed any more.
    pub(super) fn stage(self, subject: fn(T) -> Box<dyn Subject>) -> Staged {
        Staged {
            subject: subject(self.ours),
            awaited: self.awaited,
            _others: Box::new(self.others),
        }
    }

    pub(super) fn other(&self) -> io::Result<&T> {
        self.others.first().ok_or_else(|| io::Error::other("there is no other end"))
    }
}

/// The other end sends a byte.
pub(super) fn a_byte<T: End>(scene: &mut Scene<T>) -> io::Result<()> {
    scene.other()?.send(b"x")?;
    scene.awaited = Answers::READABLE;
    Ok(())
}

/// We take what has come.
pub(super) fn take<T: End>(scene: &mut Scene<T>) -> io::Result<()> {
    scene.awaited = Answers::NONE;
    until_done(|| scene.ours.receive(&mut [0; 16]))
}

/// We send a byte.
pub(super) fn put<T: End>(scene: &mut Scene<T>) -> io::Result<()> {
    until_done(|| scene.ours.send(b"x"))
}

/// How long TCP may wait before it says what has arrived, which then makes room: 200
/// milliseconds on Windows, less elsewhere.
const DELAYED_ACKNOWLEDGEMENT: Duration = Duration::from_millis(250);

/// We send until there is no room, and there stays none.
#[cfg(unix)]
pub(super) fn fill<T: End>(scene: &mut Scene<T>) -> io::Result<()> {
    fill_for(STEADY, scene)
}

/// As `fill`, where the other end tells only later that it has got something.
pub(super) fn fill_tcp<T: End>(scene: &mut Scene<T>) -> io::Result<()> {
    fill_for(DELAYED_ACKNOWLEDGEMENT, scene)
}

fn fill_for<T: End>(steady: Duration, scene: &mut Scene<T>) -> io::Result<()> {
    let is_full = || goes_on_in_vain(|| scene.ours.send(&[b'x'; 1024]));
    if settle_for(steady, is_full, |is_full| *is_full)? {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "it takes more and more, and is never full"))
}

/// The other end takes all that we sent.
pub(super) fn drain<T: End>(scene: &mut Scene<T>) -> io::Result<()> {
    let other = scene.other()?;
    let is_empty = || goes_on_in_vain(|| other.receive(&mut [0; 4096]));
    settle(is_empty, |is_empty| *is_empty)?;
    scene.awaited = Answers::WRITABLE;
    Ok(())
}

/// The other end goes.
pub(super) fn close_other<T: End>(scene: &mut Scene<T>) -> io::Result<()> {
    drop(scene.others.remove(0));
    Ok(())
}

/// Tries until it does not fail for the moment only, as what another end did may still be
/// on its way.
pub(super) fn until_done<R>(attempt: impl Fn() -> io::Result<R>) -> io::Result<()> {
    let mut is_done = false;
    let try_on = || {
        if !is_done {
            match attempt() {
                Ok(_) => is_done = true,
                Err(error) if is_in_vain(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(is_done)
    };
    if settle(try_on, |is_done| *is_done)? {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "what leads to it never came"))
}

/// Tries as long as it leads to something, and says whether it never did.
fn goes_on_in_vain(attempt: impl Fn() -> io::Result<usize>) -> io::Result<bool> {
    let mut was_in_vain = true;
    loop {
        match attempt() {
            Ok(0) => return Ok(was_in_vain),
            Ok(_) => was_in_vain = false,
            Err(error) if is_in_vain(&error) => return Ok(was_in_vain),
            Err(error) => return Err(error),
        }
    }
}

fn is_in_vain(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
