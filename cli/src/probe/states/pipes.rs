//! The states of both ends of pipes and of FIFOs.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use omnipoll::unix::pipe::{self, OpenOptions, Receiver, Sender};

use super::{Kind, State, state};
use crate::probe::scene::{End, Scene, Subject, a_byte, close_other, drain, fill, take};
use crate::probe::scratch::Scratch;

pub(super) fn kinds() -> [Kind; 4] {
    [
        Kind::new("pipe, reading", as_receiver, readers_of_pipes()),
        Kind::new("FIFO, reading", as_receiver, readers_of_fifos()),
        Kind::new("pipe, writing", as_sender, writers(pipe_to_write)),
        Kind::new("FIFO, writing", as_sender, writers_of_fifos()),
    ]
}

fn readers_of_pipes() -> Vec<State<File>> {
    readers(pipe_to_read)
}

fn readers_of_fifos() -> Vec<State<File>> {
    let mut states = vec![
        state("no writer yet", fifo_without_writer, []),
        state("first writer came", fifo_without_writer, [writer_comes]),
    ];
    states.extend(readers(fifo_to_read));
    states.extend([
        state("writer came again", fifo_to_read, [close_other, writer_comes]),
        state("opened for both", fifo_for_both_to_read, []),
    ]);
    states
}

fn writers_of_fifos() -> Vec<State<File>> {
    let mut states = writers(fifo_to_write);
    states.extend([
        state("reader came again", fifo_to_write, [close_other, reader_comes]),
        state("opened for both", fifo_for_both_to_write, []),
    ]);
    states
}

fn readers(ends: fn() -> io::Result<Scene<File>>) -> Vec<State<File>> {
    vec![
        state("empty", ends, []),
        state("a byte", ends, [a_byte]),
        state("a byte, taken", ends, [a_byte, take]),
        state("writer gone", ends, [close_other]),
        state("writer gone, a byte left", ends, [a_byte, close_other]),
        state("writer gone, byte taken", ends, [a_byte, close_other, take]),
    ]
}

fn writers(ends: fn() -> io::Result<Scene<File>>) -> Vec<State<File>> {
    vec![
        state("empty", ends, []),
        state("full", ends, [fill]),
        state("full, a byte taken", ends, [fill, other_takes_a_byte]),
        state("full, drained", ends, [fill, drain]),
        state("reader gone", ends, [close_other]),
        state("full, reader gone", ends, [fill, close_other]),
    ]
}

fn as_receiver(file: File) -> Box<dyn Subject> {
    Box::new(Receiver::from(OwnedFd::from(file)))
}

fn as_sender(file: File) -> Box<dyn Subject> {
    Box::new(Sender::from(OwnedFd::from(file)))
}

fn pipe_to_read() -> io::Result<Scene<File>> {
    let (theirs, ours) = pipe::new()?;
    Ok(Scene::new(file(ours), vec![file(theirs)]))
}

fn pipe_to_write() -> io::Result<Scene<File>> {
    let (ours, theirs) = pipe::new()?;
    Ok(Scene::new(file(ours), vec![file(theirs)]))
}

fn fifo_without_writer() -> io::Result<Scene<File>> {
    let name = fifo()?;
    let ours = file(OpenOptions::new().open_receiver(name.path())?);
    Ok(Scene { name: Some(name), ..Scene::new(ours, vec![]) })
}

fn fifo_to_read() -> io::Result<Scene<File>> {
    let mut scene = fifo_without_writer()?;
    writer_comes(&mut scene)?;
    Ok(scene)
}

fn fifo_to_write() -> io::Result<Scene<File>> {
    let name = fifo()?;
    let theirs = file(OpenOptions::new().open_receiver(name.path())?);
    let ours = file(OpenOptions::new().open_sender(name.path())?);
    Ok(Scene { name: Some(name), ..Scene::new(ours, vec![theirs]) })
}

fn fifo_for_both_to_read() -> io::Result<Scene<File>> {
    let name = fifo()?;
    let ours = OpenOptions::new().read_write(true).open_receiver(name.path())?;
    Ok(Scene { name: Some(name), ..Scene::new(file(ours), vec![]) })
}

fn fifo_for_both_to_write() -> io::Result<Scene<File>> {
    let name = fifo()?;
    let ours = OpenOptions::new().read_write(true).open_sender(name.path())?;
    Ok(Scene { name: Some(name), ..Scene::new(file(ours), vec![]) })
}

fn fifo() -> io::Result<Scratch> {
    let name = Scratch::new();
    pipe::create_fifo(name.path(), 0o600).map_err(|error| Scratch::advise(&error))?;
    Ok(name)
}

fn writer_comes(scene: &mut Scene<File>) -> io::Result<()> {
    if let Some(name) = &scene.name {
        scene.others.push(file(OpenOptions::new().open_sender(name.path())?));
    }
    Ok(())
}

fn reader_comes(scene: &mut Scene<File>) -> io::Result<()> {
    if let Some(name) = &scene.name {
        scene.others.push(file(OpenOptions::new().open_receiver(name.path())?));
    }
    Ok(())
}

fn other_takes_a_byte(scene: &mut Scene<File>) -> io::Result<()> {
    scene.other()?.receive(&mut [0; 1]).map(drop)
}

fn file(end: impl Into<OwnedFd>) -> File {
    File::from(end.into())
}
