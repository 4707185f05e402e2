//! One drawing a workload: what every peer took, of what the yardstick took.

use std::error::Error;
use std::io;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::coord::types::RangedCoordi32;
use plotters::prelude::*;

use crate::cell::{Cell, Entry};

const PANELS_A_ROW: usize = 2;
const WIDTH: u32 = 560;
const ROW_HEIGHT: u32 = 20;
/// For a title and an axis.
const MARGINS: u32 = 90;

/// Distinct to colour-blind eyes too (Okabe and Ito).
const OURS: RGBColor = RGBColor(0, 114, 178);
const RAW: RGBColor = RGBColor(130, 130, 130);
const OTHERS: RGBColor = RGBColor(213, 94, 0);

/// The file that the drawing of `workload` goes to.
pub(crate) fn file_name(workload: &str) -> String {
    format!("{workload}.svg")
}

/// Draws those cells of one workload that have ratios; false where none has.
pub(crate) fn draw(workload: &str, cells: &[&Cell], directory: &Path) -> io::Result<bool> {
    let panels: Vec<Panel<'_>> = cells.iter().filter_map(|cell| Panel::of(cell)).collect();
    if panels.is_empty() {
        return Ok(false);
    }
    let mut svg = String::new();
    draw_panels(&panels, &mut svg)
        .map_err(|error| io::Error::other(format!("the plot of {workload}: {error}")))?;
    std::fs::write(directory.join(file_name(workload)), svg)?;
    Ok(true)
}

/// One cell.
struct Panel<'a> {
    cell: &'a Cell,
    dots: Vec<Dot<'a>>,
}

/// One peer.
struct Dot<'a> {
    entry: &'a Entry,
    wall: f64,
    cpu: f64,
}

impl Panel<'_> {
    fn of(cell: &Cell) -> Option<Panel<'_>> {
        let yardstick = cell.yardstick()?;
        let dots = cell.entries.iter().filter_map(|entry| {
            let wall = cell.wall_ratio(entry, yardstick)?;
            let cpu = cell.cpu_ratio(entry, yardstick)?;
            (wall > 0.0 && cpu > 0.0).then_some(Dot { entry, wall, cpu })
        });
        let dots: Vec<Dot<'_>> = dots.collect();
        (!dots.is_empty()).then_some(Panel { cell, dots })
    }

    /// From a little below the least ratio to a little above the greatest.
    fn range(&self) -> (f64, f64) {
        let ratios = self.dots.iter().flat_map(|dot| [dot.wall, dot.cpu]);
        let (low, high) = ratios
            .fold((0.8, 1.25), |(low, high): (f64, f64), ratio| (low.min(ratio), high.max(ratio)));
        (low / 1.1, high * 1.1)
    }
}

fn draw_panels(panels: &[Panel<'_>], svg: &mut String) -> Result<(), Box<dyn Error>> {
    let most = panels.iter().map(|panel| panel.dots.len()).max().unwrap_or_default();
    let height = most as u32 * ROW_HEIGHT + MARGINS;
    let columns = panels.len().min(PANELS_A_ROW);
    let rows = panels.len().div_ceil(columns);
    let size = (WIDTH * columns as u32, height * rows as u32);
    let root = SVGBackend::with_string(svg, size).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, area) in panels.iter().zip(root.split_evenly((rows, columns))) {
        draw_panel(panel, &area)?;
    }
    root.present()?;
    Ok(())
}

fn draw_panel(
    panel: &Panel<'_>,
    area: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Result<(), Box<dyn Error>> {
    let (low, high) = panel.range();
    let places = -1..panel.dots.len() as i32;
    let mut chart = ChartBuilder::on(area);
    chart
        .caption(panel.cell.to_string(), ("sans-serif", 16))
        .margin(8)
        .margin_right(24)
        .x_label_area_size(40)
        .y_label_area_size(170);
    // An axis of powers of ten has hardly a number on it where all are alike.
    if high / low < 8.0 {
        draw_dots(panel, chart.build_cartesian_2d(low..high, places)?)
    } else {
        draw_dots(panel, chart.build_cartesian_2d((low..high).log_scale(), places)?)
    }
}

fn draw_dots<X: Ranged<ValueType = f64> + ValueFormatter<f64>>(
    panel: &Panel<'_>,
    mut chart: ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, RangedCoordi32>>,
) -> Result<(), Box<dyn Error>> {
    let count = panel.dots.len() as i32;
    let name_of = |place: &i32| {
        let dot = panel.dots.get((count - 1 - place) as usize);
        dot.map_or_else(String::new, |dot| dot.entry.who.clone())
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels(8)
        .y_labels(count as usize + 2)
        .y_label_formatter(&name_of)
        .x_desc("of raw-epoll: dot CPU time, ring wall time")
        .x_label_formatter(&|ratio| format!("{ratio:.2}"))
        .draw()?;
    chart.draw_series([PathElement::new([(1.0, -1), (1.0, count)], BLACK.mix(0.4))])?;
    for (index, dot) in panel.dots.iter().enumerate() {
        let place = count - 1 - index as i32;
        let colour = colour_of(&dot.entry.who);
        chart.draw_series([Circle::new((dot.cpu, place), 4, colour.filled())])?;
        chart.draw_series([Circle::new((dot.wall, place), 5, colour.stroke_width(1))])?;
    }
    Ok(())
}

fn colour_of(who: &str) -> RGBColor {
    if who.contains("omnipoll") {
        OURS
    } else if who.starts_with("raw-") {
        RAW
    } else {
        OTHERS
    }
}
