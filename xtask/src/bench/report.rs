//! `docs/performance.md`: the table of the last run, and its charts.

use std::fs;
use std::process::Command;

use super::programs::output;
use super::sides::Bench;
use super::table::Row;
use crate::page;
use crate::result::Result;

pub(super) fn write(bench: &Bench<'_>) -> Result {
    let mut charts = String::new();
    for (name, title, what) in CHARTS {
        let rows: Vec<&Row> = bench.table.0.iter().filter(|row| row.what == what).collect();
        if !rows.is_empty() {
            let file = format!("images/{name}.svg");
            fs::create_dir_all(bench.root.join("docs/images"))?;
            fs::write(bench.root.join("docs").join(&file), chart(title, &rows))?;
            charts.push_str(&format!("![{title}]({file})\n\n"));
        }
    }
    let (machine, table) = (machine()?, &bench.table);
    let section = format!("{charts}`cargo xtask bench` printed, on {machine}:\n\n{table}");
    page::write_section(&bench.root.join("docs/performance.md"), "bench", &section)
}

/// The charts: a file, its title, and the rows that it shows.
const CHARTS: [(&str, &str, &str); 3] = [
    ("converse", "CPU time of one call of Converse, in µs", "`converse`: CPU"),
    ("event", "CPU time of one event of a stream, in µs", "an event of `converse_stream`: CPU"),
    ("list", "CPU time of a list of 100 models, in µs", "a list of 100 models: CPU"),
];

/// Draws a bar for each client on a logarithmic scale.
fn chart(title: &str, rows: &[&Row]) -> String {
    const BAR: usize = 28;
    const LEFT: f64 = 180.0;
    const WIDTH: f64 = 420.0;
    let mut bars: Vec<(&str, f64)> = rows.iter().map(|row| (row.against, row.theirs)).collect();
    bars.insert(0, ("bedrock-orm", rows[0].ours));
    bars.sort_by(|one, other| one.1.total_cmp(&other.1));
    let least = bars[0].1 / 2.0;
    let most = bars[bars.len() - 1].1;
    let height = 40 + BAR * bars.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"700\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"700\" height=\"{height}\" fill=\"white\"/>\n<text x=\"10\" y=\"20\" \
         font-weight=\"bold\">{title} (logarithmic)</text>\n"
    );
    for (number, (name, value)) in bars.iter().enumerate() {
        let y = 34 + BAR * number;
        let width = WIDTH * (value / least).ln() / (most / least).ln();
        let colour = if *name == "bedrock-orm" { "#c2410c" } else { "#64748b" };
        svg.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\n<rect x=\"{LEFT}\" y=\"{y}\" \
             width=\"{width:.0}\" height=\"20\" fill=\"{colour}\"/>\n<text x=\"{:.0}\" y=\"{}\">{value:.2}</text>\n",
            LEFT - 8.0,
            y + 15,
            LEFT + width + 6.0,
            y + 15,
        ));
    }
    svg + "</svg>\n"
}

/// The machine, and the versions of what is measured.
fn machine() -> Result<String> {
    let processor = fs::read_to_string("/proc/cpuinfo")?;
    let named = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = named.map_or("an unknown processor", |(_, model)| model);
    let cores = processor.lines().filter(|line| line.starts_with("processor")).count();
    let rust = output(Command::new("rustc").arg("--version"))?;
    Ok(format!("{cores} cores of {model}, Linux, {}", rust.trim()))
}
