use std::io;

use super::socket;
use crate::os::OwnedDescriptor;

/// One descriptor kept back, to turn connections away with when no other is left.
///
/// A process may have so many descriptors open (`RLIMIT_NOFILE`), and so may the whole
/// system. A listener that has reached the limit cannot even refuse: `accept` fails with
/// `EMFILE` or `ENFILE`, the connection stays in the queue, and its peer waits for an
/// answer that does not come. With a level trigger every wait reports the listener again, a
/// busy loop; with an edge, nothing may be reported until one more peer connects.
///
/// Two ways lead out:
///
/// - *Turn them away.* [`accept`](Self::accept) gives up the spare descriptor for a moment,
///   accepts with it, and closes the connection at once. The peer learns, the queue gets
///   empty, and the listener goes on as always, with every trigger.
/// - *Let them wait.* Deregister the listener, or register it
///   [`oneshot`](crate::Interest::oneshot) and leave it asleep, and come back after
///   something was closed: what waits then is reported by the next wait, since
///   [`register`](crate::Registry::register) and
///   [`reregister`](crate::Registry::reregister) report what is there. The queue is as long
///   as the listener's backlog.
///
/// # Several threads
///
/// Between the moment in which the spare descriptor is given up and the accept that uses it,
/// another thread may open something, and so take it; for `ENFILE`, another process may. Then
/// nobody is turned away, and the error is returned as if there were no spare one; nor may
/// there be, until a later call gets it back, before it serves anybody. Treat it as the
/// second way says. A thread that accepts needs a spare descriptor of its own, or a lock
/// around a common one.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use omnipoll::net::{SpareDescriptor, TcpListener};
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
/// let mut spare = SpareDescriptor::new()?;
///
/// # let _client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// let (mut served, mut turned_away) = (Vec::new(), 0);
/// poll.poll(&mut events, None)?;
/// loop {
///     match spare.accept(|| listener.accept()) {
///         Ok(Some((stream, _address))) => served.push(stream),
///         Ok(None) => turned_away += 1,
///         Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
///         // It was gone before we came to it.
///         Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
///         Err(error) => return Err(error),
///     }
/// }
/// # assert_eq!((served.len(), turned_away), (1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SpareDescriptor {
    /// None if another thread was faster to open something.
    kept: Option<OwnedDescriptor>,
}

impl SpareDescriptor {
    /// Takes a descriptor to keep back.
    ///
    /// # Errors
    ///
    /// Those of the system where none is left even now: `EMFILE`, `ENFILE`.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::SpareDescriptor;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let spare = SpareDescriptor::new()?;
    /// # let _ = spare;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> io::Result<SpareDescriptor> {
        Ok(SpareDescriptor { kept: Some(socket::spare()?) })
    }

    /// Accepts by `accept`; if there is no descriptor to do it with, turns one waiting
    /// connection away instead, and returns `None`.
    ///
    /// `accept` is any call that makes a descriptor of something that waits: the method of a
    /// listener of this library, of the standard library, or of one's own. It is called a
    /// second time to turn a connection away, and what it returns then is dropped, which
    /// must close it.
    ///
    /// # Errors
    ///
    /// Those of `accept`, among them [`WouldBlock`](io::ErrorKind::WouldBlock) if none
    /// waits. `EMFILE` and `ENFILE` come out only if there was no spare descriptor either:
    /// [`is_lack`](Self::is_lack) tells them.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use omnipoll::net::{SpareDescriptor, TcpListener};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// let mut spare = SpareDescriptor::new()?;
    /// match spare.accept(|| listener.accept()) {
    ///     Ok(Some((_stream, peer))) => println!("{peer} is served"),
    ///     Ok(None) => println!("somebody was turned away"),
    ///     Err(error) if error.kind() == io::ErrorKind::WouldBlock => println!("nobody is there"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn accept<T>(
        &mut self,
        mut accept: impl FnMut() -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        self.keep_one();
        match accept() {
            Err(error) if SpareDescriptor::is_lack(&error) => {
                if self.kept.take().is_none() {
                    return Err(error);
                }
                let turned_away = accept().map(drop);
                self.keep_one();
                turned_away.map(|()| None)
            }
            Ok(accepted) if !self.keep_one() => {
                // It has the last descriptor, and to be able to say no is worth more than
                // one more connection.
                drop(accepted);
                self.keep_one();
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Whether `error` says that no descriptor is left, in this process (`EMFILE`) or in the
    /// whole system (`ENFILE`).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use omnipoll::net::SpareDescriptor;
    ///
    /// # #[cfg(unix)]
    /// assert!(SpareDescriptor::is_lack(&io::Error::from_raw_os_error(libc::EMFILE)));
    /// assert!(!SpareDescriptor::is_lack(&io::ErrorKind::WouldBlock.into()));
    /// ```
    #[must_use]
    pub fn is_lack(error: &io::Error) -> bool {
        socket::is_lack(error)
    }

    /// Sees that there is a spare descriptor. False if there is none to be had.
    fn keep_one(&mut self) -> bool {
        if self.kept.is_none() {
            self.kept = socket::spare().ok();
        }
        self.kept.is_some()
    }
}
