//! Registering and deregistering: what a connection costs that comes and goes.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use omnipoll_cli::measure::{Effort, median, ratio};
use omnipoll_cli::pipes;

use crate::report::{Line, Target};
use crate::rounds::{self, Task};

/// Sources that take turns.
const SOURCES: usize = 100;
/// Times that all of them come and go in one run.
const TURNS: usize = 50;

/// The yardstick among [`tasks`].
const MIO: &str = "mio";

pub(crate) fn run(effort: Effort) -> io::Result<Vec<Line>> {
    eprintln!("churn");
    let mut tasks = tasks()?;
    let samples = rounds::interleave(&mut tasks, effort.rounds)?;
    let mio = tasks.iter().position(|(name, _)| *name == MIO).unwrap_or_default();
    let line = |index: usize| {
        let these = &samples[index];
        let cost = median(these.iter().map(|sample| sample.wall_ns));
        let line = Line::cost("churn", tasks[index].0, format!("{cost:.0} ns/pair")).against(
            MIO,
            ratio(these, &samples[mio], |sample| sample.wall_ns),
            Some(ratio(these, &samples[mio], |sample| sample.cpu_ns)),
        );
        if tasks[index].0 == "omnipoll-epoll" { line.must(Target::AtMost(0.8)) } else { line }
    };
    Ok((0..tasks.len()).map(line).collect())
}

fn tasks() -> io::Result<Vec<Task<'static>>> {
    Ok(vec![
        ("raw-epoll", raw()?),
        ("raw-epoll, no libc", direct()?),
        ("omnipoll-epoll", omnipoll_receivers()?),
        ("omnipoll-epoll, by fd", omnipoll_descriptors()?),
        (MIO, mio_receivers()?),
        ("mio, by fd", mio_descriptors()?),
        ("polling", polling()?),
    ])
}

type Work = Box<dyn FnMut() -> io::Result<usize>>;

/// A task that lets every one of `sources` come and go through `pair`.
fn turns<S: 'static>(
    mut sources: Vec<S>,
    mut pair: impl FnMut(&mut S) -> io::Result<()> + 'static,
) -> Work {
    Box::new(move || {
        for _ in 0..TURNS {
            sources.iter_mut().try_for_each(&mut pair)?;
        }
        Ok(TURNS * sources.len())
    })
}

/// Readers of pipes, and their writers, so that they do not hang up.
fn readers() -> io::Result<(Vec<OwnedFd>, Vec<OwnedFd>)> {
    Ok(pipes::open(SOURCES)?.into_iter().map(|ends| (ends.reader, ends.writer)).unzip())
}

fn epoll_ctl(epoll: RawFd, operation: i32, fd: RawFd) -> io::Result<()> {
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 1 };
    // SAFETY: the event lives through the call.
    match unsafe { libc::epoll_ctl(epoll, operation, fd, &mut event) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn raw() -> io::Result<Work> {
    let epoll = rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC)?;
    let (readers, writers) = readers()?;
    Ok(turns(readers, move |reader| {
        let _keep = &writers;
        epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, reader.as_raw_fd())?;
        epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, reader.as_raw_fd())
    }))
}

fn direct() -> io::Result<Work> {
    use rustix::event::epoll::{CreateFlags, EventData, EventFlags, add, create, delete};
    let epoll = create(CreateFlags::CLOEXEC)?;
    let (readers, writers) = readers()?;
    Ok(turns(readers, move |reader| {
        let _keep = &writers;
        add(&epoll, &*reader, EventData::new_u64(1), EventFlags::IN | EventFlags::ET)?;
        Ok(delete(&epoll, reader)?)
    }))
}

fn omnipoll_receivers() -> io::Result<Work> {
    use omnipoll::{Backend, Interest, Poll, Token, unix::pipe::Receiver};
    let poll = Poll::builder().backend(Backend::Epoll).build()?;
    let (readers, writers) = readers()?;
    let receivers: Vec<Receiver> = readers.into_iter().map(Receiver::from).collect();
    Ok(turns(receivers, move |receiver| {
        let _keep = &writers;
        poll.registry().register(receiver, Token(1), Interest::READABLE)?;
        poll.registry().deregister(receiver)
    }))
}

fn omnipoll_descriptors() -> io::Result<Work> {
    use omnipoll::{Backend, Interest, Poll, Token, unix::SourceFd};
    let poll = Poll::builder().backend(Backend::Epoll).build()?;
    let (readers, writers) = readers()?;
    Ok(turns(readers, move |reader| {
        let _keep = &writers;
        let fd = reader.as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), Token(1), Interest::READABLE)?;
        poll.registry().deregister(&mut SourceFd(&fd))
    }))
}

fn mio_receivers() -> io::Result<Work> {
    use mio::{Interest, Poll, Token, unix::pipe::Receiver};
    let poll = Poll::new()?;
    let (readers, writers) = readers()?;
    let receivers: Vec<Receiver> = readers.into_iter().map(Receiver::from).collect();
    Ok(turns(receivers, move |receiver| {
        let _keep = &writers;
        poll.registry().register(receiver, Token(1), Interest::READABLE)?;
        poll.registry().deregister(receiver)
    }))
}

fn mio_descriptors() -> io::Result<Work> {
    use mio::{Interest, Poll, Token, unix::SourceFd};
    let poll = Poll::new()?;
    let (readers, writers) = readers()?;
    Ok(turns(readers, move |reader| {
        let _keep = &writers;
        let fd = reader.as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), Token(1), Interest::READABLE)?;
        poll.registry().deregister(&mut SourceFd(&fd))
    }))
}

fn polling() -> io::Result<Work> {
    let poller = polling::Poller::new()?;
    let (readers, writers) = readers()?;
    Ok(turns(readers, move |reader| {
        let _keep = &writers;
        // SAFETY: it is deleted in the next line.
        unsafe { poller.add(&*reader, polling::Event::readable(1))? };
        poller.delete(&*reader)
    }))
}
