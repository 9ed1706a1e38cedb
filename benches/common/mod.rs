//! What the benchmarks share: tables of ratios, and how restless the machine was meanwhile.

use std::time::Instant;

/// Rows that were measured in alternating passes, so that a slow minute meets all of them.
pub struct Table {
    title: String,
    unit: &'static str,
    rows: Vec<(String, Vec<f64>)>,
}

impl Table {
    pub fn new(title: impl Into<String>, unit: &'static str) -> Self {
        Self { title: title.into(), unit, rows: Vec::new() }
    }

    /// One more pass of a row.
    pub fn add(&mut self, row: impl Into<String>, value: f64) {
        let row = row.into();
        match self.rows.iter_mut().find(|(name, _)| *name == row) {
            Some((_, values)) => values.push(value),
            None => self.rows.push((row, vec![value])),
        }
    }

    /// Every row, and what it is of the first: min, median and max of the ratios of the passes.
    pub fn print(&self) {
        let Some((base_name, base)) = self.rows.first() else { return };
        println!("{} ({} passes)", self.title, base.len());
        println!("{:44} {:>26}   of \"{base_name}\"", "", format!("{}: min median max", self.unit));
        for (name, values) in &self.rows {
            let [min, median, max] = spread(values.iter().copied());
            let [least, ratio, most] = spread(values.iter().zip(base).map(|(value, base)| value / base));
            println!("  {name:42} {min:8.1} {median:8.1} {max:8.1}   {least:7.2} {ratio:7.2} {most:7.2}");
        }
        println!();
    }

    /// What one row is of another, pass by pass.
    #[allow(dead_code, reason = "not every benchmark asks")]
    pub fn ratio(&self, row: &str, of: &str) -> Option<[f64; 3]> {
        let values =
            |wanted: &str| self.rows.iter().find(|(name, _)| name == wanted).map(|(_, values)| values);
        let (row, of) = (values(row)?, values(of)?);
        Some(spread(row.iter().zip(of).map(|(value, base)| value / base)))
    }
}

/// Min, median and max.
pub fn spread(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    [at(0), at(values.len() / 2), at(values.len().saturating_sub(1))]
}

/// The same piece of work, done between the passes: how much its time differs is what the machine adds to every number.
pub struct Noise {
    load: String,
    times: Vec<f64>,
}

impl Noise {
    pub fn listen() -> Self {
        Self { load: load(), times: Vec::new() }
    }

    pub fn sample(&mut self) {
        let began = Instant::now();
        let mut number = 1_u64;
        for _ in 0..2_000_000 {
            number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
        self.times.push(began.elapsed().as_secs_f64());
    }

    pub fn print(&self) {
        let [min, median, max] = spread(self.times.iter().copied());
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        println!(
            "the machine: {cores} cores, load {} before and {} after; the same work took 1.00 to {:.2} times its least, median {:.2}",
            self.load,
            load(),
            max / min,
            median / min
        );
    }
}

/// Processes that want to run, over the last minute.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}
