//! The plot: cost of an event against the number of descriptors, both axes logarithmic.

use std::error::Error;
use std::io;
use std::path::Path;

use omnipoll::Backend;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::report::Row;

const PANEL: (u32, u32) = (760, 460);
/// Distinct to colour-blind eyes too (Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Draws one panel for each number of active descriptors into the file `path`.
pub(super) fn draw(rows: &[Row], path: &Path) -> io::Result<()> {
    let mut svg = String::new();
    draw_panels(rows, &mut svg).map_err(|error| io::Error::other(format!("the plot: {error}")))?;
    std::fs::write(path, svg).map_err(|error| elsewhere(path, &error))
}

/// Fails if the file `path` cannot be written; what is in it stays.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let is_new = !path.exists();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| elsewhere(path, &error))?;
    // It is made when there is something to put into it.
    if is_new { std::fs::remove_file(path) } else { Ok(()) }
}

fn elsewhere(path: &Path, error: &io::Error) -> io::Error {
    let text = format!("{}: {error}; --out puts the plot elsewhere", path.display());
    io::Error::new(error.kind(), text)
}

fn draw_panels(rows: &[Row], svg: &mut String) -> Result<(), Box<dyn Error>> {
    let mut actives: Vec<usize> = rows.iter().map(|row| row.work.active).collect();
    actives.sort_unstable();
    actives.dedup();
    let size = (PANEL.0, PANEL.1 * actives.len() as u32);
    let root = SVGBackend::with_string(svg, size).into_drawing_area();
    root.fill(&WHITE)?;
    for (&active, panel) in actives.iter().zip(root.split_evenly((actives.len(), 1))) {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.work.active == active).collect();
        draw_panel(&rows, active, &panel)?;
    }
    root.present()?;
    Ok(())
}

fn draw_panel(
    rows: &[&Row],
    active: usize,
    panel: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Result<(), Box<dyn Error>> {
    let registered = rows.iter().map(|row| row.work.registered as f64);
    let sides = rows.iter().flat_map(|row| [Some(&row.library), row.raw.as_ref()]).flatten();
    let (left, right) = range(registered);
    let (low, high) = range(sides.map(|side| side.wall_ns));
    let mut chart = ChartBuilder::on(panel)
        .caption(format!("Time per event, {active} active"), ("sans-serif", 18))
        .margin(12)
        .margin_right(32)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d((left..right).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("descriptors registered")
        .x_label_formatter(&|count| format!("{count:.0}"))
        .y_label_formatter(&|time| tick(*time))
        .draw()?;
    for (index, backend) in backends(rows).into_iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let rows = || rows.iter().filter(|row| row.backend == backend);
        let library = rows().map(|row| (row.work.registered as f64, row.library.wall_ns));
        let raw = rows().filter_map(|row| {
            row.raw.as_ref().map(|raw| (row.work.registered as f64, raw.wall_ns))
        });
        chart
            .draw_series(LineSeries::new(library, colour.filled().stroke_width(2)).point_size(4))?
            .label(format!("{backend}, omnipoll"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        let ring = |point| Circle::new(point, 7, colour.stroke_width(1));
        chart
            .draw_series(raw.map(ring))?
            .label(format!("{backend}, raw loop"))
            .legend(move |(x, y)| Circle::new((x + 9, y), 6, colour.stroke_width(1)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

/// The backends of `rows`, in the order in which they come.
fn backends(rows: &[&Row]) -> Vec<Backend> {
    let mut backends = Vec::new();
    for row in rows {
        if !backends.contains(&row.backend) {
            backends.push(row.backend);
        }
    }
    backends
}

/// From a little below the least value to a little above the greatest.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    (low / 1.25, high * 1.25)
}

/// A time on the axis, in the largest unit of which there is a whole one.
fn tick(nanoseconds: f64) -> String {
    match nanoseconds {
        time if time < 1e3 => format!("{time:.0} ns"),
        time if time < 1e6 => format!("{:.0} µs", time / 1e3),
        time => format!("{:.0} ms", time / 1e6),
    }
}
