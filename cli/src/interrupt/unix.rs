use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use omnipoll::net::UnixStream;
use omnipoll::{Interest, Registry, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// SIGINT and SIGTERM, as bytes that a pair of sockets passes on.
#[derive(Debug)]
pub(crate) struct Interrupt {
    /// Registered, and never read.
    _reader: UnixStream,
    writer: UnixStream,
}

impl Interrupt {
    /// Has `token` reported once a signal has come.
    ///
    /// The level trigger tells every wait of what is there to be read; and since nobody
    /// reads it, each of several threads is told.
    pub(crate) fn register(registry: &Registry, token: Token) -> io::Result<Interrupt> {
        let (mut reader, writer) = UnixStream::pair()?;
        registry.register(&mut reader, token, Interest::READABLE.level())?;
        let copy = std::os::unix::net::UnixStream::from(writer);
        let has_come = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // Before the flags, else one that comes meanwhile would be noted, and nobody told.
            low_level::pipe::register(signal, copy.try_clone()?)?;
            // They run in this order: the first signal finds the flag down.
            flag::register_conditional_default(signal, Arc::clone(&has_come))?;
            flag::register(signal, Arc::clone(&has_come))?;
        }
        Ok(Interrupt { _reader: reader, writer: UnixStream::from_std(copy) })
    }

    /// Does what the first Ctrl-C does.
    pub(crate) fn raise(&self) -> io::Result<()> {
        (&self.writer).write_all(&[0])
    }
}
