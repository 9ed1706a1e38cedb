//! Cells of CSV that spreadsheets take for what they are.

/// A spreadsheet takes a cell that begins like a formula for one; an apostrophe makes it a text.
#[must_use]
pub fn harmless_cell(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::harmless_cell;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(harmless_cell(formula.to_owned()).starts_with('\''), "{formula}");
        }
        for plain in ["", "10001", "a=b", "2026-11-23T17:00:00Z"] {
            assert_eq!(harmless_cell(plain.to_owned()), plain);
        }
    }
}
