//! `.env` files as Node reads them (`Dotenv::ParseContent` in `src/node_dotenv.cc`).

/// Names and values, in the order of the file; of two equal names the later value counts.
pub fn parse(text: &str) -> Vec<(String, String)> {
    let text = text.replace('\r', "");
    let mut rest = text.trim();
    let mut found: Vec<(String, String)> = Vec::new();
    while !rest.is_empty() {
        if rest.starts_with(['\n', '#']) {
            rest = behind_line(rest);
            continue;
        }
        let Some((name, value)) = rest.split_once('=') else {
            break;
        };
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        rest = value.trim_start_matches([' ', '\t']);
        let (value, after) = value_of(rest);
        rest = after;
        match found.iter_mut().find(|(each, _)| each == name) {
            Some((_, old)) => *old = value,
            None => found.push((name.to_owned(), value)),
        }
    }
    found
}

fn behind_line(text: &str) -> &str {
    text.find('\n').map_or("", |at| &text[at + 1..])
}

/// The value that `text` begins with, and what follows its line.
fn value_of(text: &str) -> (String, &str) {
    let line = text.split('\n').next().unwrap_or_default();
    if let Some(quote) = text.chars().next().filter(|first| "\"'`".contains(*first)) {
        let Some(end) = text[1..].find(quote) else {
            return (line.to_owned(), behind_line(text));
        };
        let quoted = &text[1..=end];
        let value = if quote == '"' {
            quoted.replace("\\n", "\n")
        } else {
            quoted.to_owned()
        };
        return (value, behind_line(&text[end + 2..]));
    }
    let value = line.split('#').next().unwrap_or_default().trim();
    (value.to_owned(), behind_line(text))
}
