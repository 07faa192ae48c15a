//! Numbers as attributes, styles and paths want them: two digits behind the point, and none that are zeros. Rust's own
//! words for a float are exact to the last digit, which no screen shows, and ten times as much code.

/// The text with a number in place of each `#`.
pub fn drawn(text: &str, numbers: &[f64]) -> String {
    let mut path = String::new();
    draw(&mut path, text, numbers);
    path
}

/// The same at the end of what is there.
pub fn draw(path: &mut String, text: &str, numbers: &[f64]) {
    let mut numbers = numbers.iter();
    for char in text.chars() {
        match char {
            '#' => write(path, numbers.next().copied().unwrap_or_default()),
            char => path.push(char),
        }
    }
}

fn write(path: &mut String, number: f64) {
    let hundredths = (number * 100.0).round() as i64;
    if hundredths < 0 {
        path.push('-');
    }
    let hundredths = hundredths.unsigned_abs();
    path.push_str(&(hundredths / 100).to_string());
    let digit = |value: u64| char::from(b'0' + (value % 10) as u8);
    let (tenths, last) = (digit(hundredths / 10), digit(hundredths));
    if (tenths, last) != ('0', '0') {
        path.extend(['.', tenths]);
    }
    if last != '0' {
        path.push(last);
    }
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn numbers_stand_in_their_places() {
        let text = drawn("M# #h-#z", &[12.345, -0.5, 7.0]);
        assert_eq!(text, "M12.35 -0.5h-7z");
        assert_eq!(drawn("left:#px", &[100.004]), "left:100px");
        assert_eq!(drawn("#,#,#", &[0.05, -0.001, 1e6]), "0.05,0,1000000");
        assert_eq!(drawn("#", &[f64::NAN]), "0");
    }
}
