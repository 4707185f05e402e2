//! User-space heap per registered source, counted by the allocator.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};

use omnipoll_cli::pipes;

use crate::report::{Line, Target};

const SOURCES: usize = 1_000;

#[global_allocator]
static HEAP: Counting = Counting { live: AtomicUsize::new(0) };

/// The system's allocator, and how many bytes of it are in use.
struct Counting {
    live: AtomicUsize,
}

// SAFETY: every call is handed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.live.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.live.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn live() -> usize {
    HEAP.live.load(Ordering::Relaxed)
}

pub(crate) fn run() -> io::Result<Vec<Line>> {
    eprintln!("memory");
    let ours = Target::AtMost(0.0);
    Ok(vec![
        line("omnipoll-epoll", omnipoll_receivers()?).must(ours),
        line("omnipoll-epoll, by fd", omnipoll_descriptors()?).must(ours),
        line("mio", mio_receivers()?),
        line("polling", polling()?),
    ])
}

fn line(who: &str, (source, heap): (usize, usize)) -> Line {
    Line::cost("heap bytes a source", who, format!("{source} B a source"))
        .figure(heap as f64 / SOURCES as f64)
}

/// What registering took from the heap.
fn growth<S>(
    sources: &mut [S],
    register: impl FnMut(&mut S) -> io::Result<()>,
) -> io::Result<usize> {
    let before = live();
    sources.iter_mut().try_for_each(register)?;
    Ok(live().saturating_sub(before))
}

fn omnipoll_receivers() -> io::Result<(usize, usize)> {
    use omnipoll::{Backend, Interest, Poll, Token, unix::pipe::Receiver};
    let poll = Poll::builder().backend(Backend::Epoll).build()?;
    let mut sources: Vec<Receiver> =
        pipes::open(SOURCES)?.into_iter().map(|ends| Receiver::from(ends.reader)).collect();
    let heap = growth(&mut sources, |source| {
        poll.registry().register(source, Token(1), Interest::READABLE)
    })?;
    Ok((size_of::<Receiver>(), heap))
}

fn omnipoll_descriptors() -> io::Result<(usize, usize)> {
    use omnipoll::{Backend, Interest, Poll, Token, unix::SourceFd};
    let poll = Poll::builder().backend(Backend::Epoll).build()?;
    let mut sources = pipes::open(SOURCES)?;
    let heap = growth(&mut sources, |source| {
        let fd = source.reader.as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), Token(1), Interest::READABLE)
    })?;
    Ok((size_of::<i32>(), heap))
}

fn mio_receivers() -> io::Result<(usize, usize)> {
    use mio::{Interest, Poll, Token, unix::pipe::Receiver};
    let poll = Poll::new()?;
    let mut sources: Vec<Receiver> =
        pipes::open(SOURCES)?.into_iter().map(|ends| Receiver::from(ends.reader)).collect();
    let heap = growth(&mut sources, |source| {
        poll.registry().register(source, Token(1), Interest::READABLE)
    })?;
    Ok((size_of::<Receiver>(), heap))
}

fn polling() -> io::Result<(usize, usize)> {
    let poller = polling::Poller::new()?;
    let mut sources = pipes::open(SOURCES)?;
    let heap = growth(&mut sources, |source| {
        // SAFETY: they are deleted below, before they are closed.
        unsafe { poller.add(&source.reader, polling::Event::readable(1)) }
    })?;
    sources.iter().try_for_each(|source| poller.delete(&source.reader))?;
    Ok((size_of::<i32>(), heap))
}
