use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use omnipoll::{Registry, Token, Waker};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// How often to look whether a signal has come: a handler here can do no more than note it.
const LOOK: Duration = Duration::from_millis(50);

/// Ctrl-C, as wake-ups by a thread that looks for it.
#[derive(Debug)]
pub(crate) struct Interrupt {
    has_come: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

impl Interrupt {
    /// Has `token` reported once a signal has come.
    ///
    /// A wake-up is one thread's; so there are more of them, until each has had its own.
    pub(crate) fn register(registry: &Registry, token: Token) -> io::Result<Interrupt> {
        let (has_come, is_over) = (Arc::default(), Arc::default());
        let interrupt = Interrupt { has_come, is_over };
        for signal in [SIGINT, SIGTERM] {
            // They run in this order: the first signal finds the flag down.
            flag::register_conditional_default(signal, Arc::clone(&interrupt.has_come))?;
            flag::register(signal, Arc::clone(&interrupt.has_come))?;
        }
        let waker = Waker::new(registry, token)?;
        let has_come = Arc::clone(&interrupt.has_come);
        let is_over = Arc::clone(&interrupt.is_over);
        thread::spawn(move || {
            while !is_over.load(Ordering::SeqCst) {
                thread::sleep(LOOK);
                if has_come.load(Ordering::SeqCst) && waker.wake().is_err() {
                    return;
                }
            }
        });
        Ok(interrupt)
    }

    /// Does what the first Ctrl-C does.
    pub(crate) fn raise(&self) -> io::Result<()> {
        self.has_come.store(true, Ordering::SeqCst);
        Ok(())
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}
