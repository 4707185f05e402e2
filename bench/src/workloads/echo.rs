//! Echo over TCP loopback: every server in a process of its own, on one processor; the
//! one client of all on the other.

use std::io;
use std::thread;
use std::time::Duration;

use echo_child::{Side, pin};
use omnipoll_cli::measure::{Sample, median, order};

use crate::cell::{Cell, Entry};
use crate::echo::{Child, Client, Lap, Server};
use crate::scale::Scale;

pub(crate) const NAME: &str = "echo";
pub(crate) const RATE: &str = "requests/s";

const CONNECTIONS: &[usize] = &[1, 10, 50, 500, 5_000];
const BYTES: &[usize] = &[64, 4_096];

/// A server and what was seen of it.
struct Contender {
    name: String,
    child: Child,
    samples: Vec<Sample>,
    laps: Vec<Lap>,
}

/// The client's thread is pinned, and so not the one that runs the other workloads.
pub(crate) fn run(scale: Scale, servers: &[Server]) -> io::Result<Vec<Cell>> {
    let servers = servers.to_vec();
    let client = thread::spawn(move || {
        pin(Side::Client)?;
        run_pinned(scale, &servers)
    });
    client.join().unwrap_or_else(|_| Err(io::Error::other("the client panicked")))
}

fn run_pinned(scale: Scale, servers: &[Server]) -> io::Result<Vec<Cell>> {
    let mut contenders = Vec::new();
    // The yardstick once more, last: what its ratio is off 1 is noise.
    let control = servers.first().map(|&server| (super::CONTROL.to_owned(), server));
    let named = servers.iter().map(|&server| (server.to_string(), server)).chain(control);
    for (name, server) in named {
        match Child::start(server) {
            Ok(child) => {
                contenders.push(Contender { name, child, samples: Vec::new(), laps: Vec::new() });
            }
            Err(error) => eprintln!("skipped {name}: {error}"),
        }
    }
    let mut cells = Vec::new();
    for &connections in scale.pick(CONNECTIONS, &[50, 500], &[3]) {
        for &bytes in scale.pick(BYTES, &BYTES[..1], BYTES) {
            eprintln!("echo: {connections} connections, {bytes} bytes");
            measure(&mut contenders, scale, connections, bytes)?;
            cells.push(cell(&mut contenders, connections, bytes));
        }
    }
    Ok(cells)
}

fn measure(
    contenders: &mut [Contender],
    scale: Scale,
    connections: usize,
    bytes: usize,
) -> io::Result<()> {
    // Many take long to connect, and to be asked once each.
    let (full, long) = if connections < 500 { (15, 60) } else { (5, 200) };
    let rounds = scale.pick(full, 3, 1);
    let slice = Duration::from_millis(scale.pick(long, 60, 2));
    for round in 0..=rounds {
        for index in order(round, contenders.len()) {
            let contender = &mut contenders[index];
            let lap = contender.lap(connections, bytes, slice);
            let (sample, lap) = lap.map_err(|error| {
                io::Error::new(error.kind(), format!("echo of {}: {error}", contender.name))
            })?;
            // The first round fills the caches.
            if round > 0 {
                contender.samples.push(sample);
                contender.laps.push(lap);
            }
        }
    }
    Ok(())
}

impl Contender {
    fn lap(
        &mut self,
        connections: usize,
        bytes: usize,
        slice: Duration,
    ) -> io::Result<(Sample, Lap)> {
        let mut client = Client::connect(self.child.address, connections, bytes)?;
        // Untimed: every connection has been seen once by both sides.
        client.run(Duration::ZERO)?;
        let before = self.child.cpu_time()?;
        let lap = client.run(slice)?;
        let cpu = self.child.cpu_time()? - before;
        drop(client);
        self.child.settle()?;
        let per_request = |time: Duration| time.as_nanos() as f64 / lap.latencies.len() as f64;
        Ok((Sample { wall_ns: per_request(lap.elapsed), cpu_ns: per_request(cpu) }, lap))
    }
}

/// What the contenders have done since the last cell.
fn cell(contenders: &mut [Contender], connections: usize, bytes: usize) -> Cell {
    let entries = contenders.iter_mut().map(|contender| {
        let samples = std::mem::take(&mut contender.samples);
        let laps = std::mem::take(&mut contender.laps);
        let slowest =
            |share: f64| median(laps.iter().map(|lap| lap.all_but(share).as_nanos() as f64 / 1e3));
        let figures = vec![
            (RATE, 1e9 / median(samples.iter().map(|sample| sample.wall_ns))),
            ("p50 µs", slowest(0.5)),
            ("p99 µs", slowest(0.01)),
            ("p99.9 µs", slowest(0.001)),
        ];
        Entry { who: contender.name.clone(), samples, figures }
    });
    Cell {
        workload: NAME,
        variant: String::new(),
        size: vec![("connections", connections), ("bytes", bytes)],
        unit: "request",
        entries: entries.collect(),
    }
}
