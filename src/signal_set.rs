//! Sets of signals: [sigsetops(3)].
//!
//! [sigsetops(3)]: https://man7.org/linux/man-pages/man3/sigsetops.3.html
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// A set of signals, for a wait that blocks just these: see
/// [`Poll::poll_with_mask`](crate::Poll::poll_with_mask).
///
/// Signals are named by their numbers, such as 10 for `SIGUSR1` on most Linux machines;
/// take them from a crate that knows them (`libc`, `signal-hook`).
///
/// # Examples
///
/// ```
/// use omnipoll::unix::SignalSet;
///
/// # fn main() -> std::io::Result<()> {
/// let mut signals = SignalSet::empty();
/// signals.add(15)?;
/// assert!(signals.contains(15));
/// signals.remove(15)?;
/// assert!(!signals.contains(15));
/// assert!(signals.add(1000).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct SignalSet(libc::sigset_t);

impl SignalSet {
    /// How much of a set the kernel looks at: one bit a signal.
    #[cfg(any(epoll_pwait2, io_uring))]
    pub(crate) const KERNEL_BYTES: usize =
        if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 16 } else { 8 };

    /// The set without any signal.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// assert!(!SignalSet::empty().contains(15));
    /// ```
    #[must_use]
    pub fn empty() -> SignalSet {
        let mut set = MaybeUninit::uninit();
        // SAFETY: The call initialises the set that it is given, and cannot fail.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            SignalSet(set.assume_init())
        }
    }

    /// The set of all signals. The kernel never blocks `SIGKILL` and `SIGSTOP`.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// assert!(SignalSet::full().contains(15));
    /// ```
    #[must_use]
    pub fn full() -> SignalSet {
        let mut set = MaybeUninit::uninit();
        // SAFETY: The call initialises the set that it is given, and cannot fail.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            SignalSet(set.assume_init())
        }
    }

    /// The signals that this thread blocks now.
    ///
    /// # Errors
    ///
    /// None are known.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let blocked = SignalSet::blocked()?;
    /// println!("this thread blocks {blocked:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocked() -> io::Result<SignalSet> {
        change_mask(libc::SIG_BLOCK, None)
    }

    /// Blocks these signals in this thread, beside those that it blocks already, and
    /// returns what it blocked before.
    ///
    /// A blocked signal waits until it is blocked no more: for a wait that does not block
    /// it, for example. New threads inherit the mask.
    ///
    /// # Errors
    ///
    /// None are known.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut usr1 = SignalSet::empty();
    /// usr1.add(10)?;
    /// let before = usr1.block()?;
    /// assert!(SignalSet::blocked()?.contains(10));
    /// // As it was.
    /// before.set_blocked()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn block(&self) -> io::Result<SignalSet> {
        change_mask(libc::SIG_BLOCK, Some(self))
    }

    /// Makes this thread block these signals and no others, and returns what it blocked
    /// before.
    ///
    /// # Errors
    ///
    /// None are known.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let before = SignalSet::empty().set_blocked()?;
    /// // Here every signal gets in.
    /// before.set_blocked()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_blocked(&self) -> io::Result<SignalSet> {
        change_mask(libc::SIG_SETMASK, Some(self))
    }

    /// Adds a signal.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no such signal.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut signals = SignalSet::empty();
    /// signals.add(15)?;
    /// assert!(signals.contains(15));
    /// assert!(signals.add(0).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn add(&mut self, signal: i32) -> io::Result<()> {
        check_is_in_range(signal)?;
        // SAFETY: The set is initialised, and the number is that of a bit in it.
        check(signal, unsafe { libc::sigaddset(&mut self.0, signal) })
    }

    /// Removes a signal.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no such signal.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut all_but_one = SignalSet::full();
    /// all_but_one.remove(15)?;
    /// assert!(!all_but_one.contains(15));
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove(&mut self, signal: i32) -> io::Result<()> {
        check_is_in_range(signal)?;
        // SAFETY: As above.
        check(signal, unsafe { libc::sigdelset(&mut self.0, signal) })
    }

    /// Whether a signal is in it. What is no signal is in none.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::unix::SignalSet;
    ///
    /// assert!(SignalSet::full().contains(15));
    /// assert!(!SignalSet::full().contains(1000));
    /// ```
    #[must_use]
    pub fn contains(&self, signal: i32) -> bool {
        // SAFETY: As above.
        check_is_in_range(signal).is_ok() && unsafe { libc::sigismember(&self.0, signal) == 1 }
    }

    pub(crate) fn as_ptr(&self) -> *const libc::sigset_t {
        &raw const self.0
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((1..=64).filter(|&signal| self.contains(signal))).finish()
    }
}

fn change_mask(how: libc::c_int, set: Option<&SignalSet>) -> io::Result<SignalSet> {
    let set = set.map_or(ptr::null(), SignalSet::as_ptr);
    let mut before = SignalSet::empty();
    // SAFETY: The first pointer is null or to a whole set, which is only read; the second
    // is to a set that is exclusively borrowed.
    match unsafe { libc::pthread_sigmask(how, set, &mut before.0) } {
        0 => Ok(before),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

fn check(signal: i32, result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(no_such(signal)) }
}

/// Fails for a number that has no bit in a set. Most systems' calls know better which signals
/// there are; Apple's take any number, modulo the bits.
fn check_is_in_range(signal: i32) -> io::Result<()> {
    const BITS: usize = 8 * size_of::<libc::sigset_t>();
    match usize::try_from(signal) {
        Ok(1..=BITS) => Ok(()),
        _ => Err(no_such(signal)),
    }
}

#[cold]
fn no_such(signal: i32) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("there is no signal {signal}"))
}
