//! Puts transformed code back to where it stood.
//!
//! The transform prints a program anew, with a source map from each token to its origin. Nothing in a stack trace or in
//! the trace of a run should need that map, so the tokens are set again like type: each on its own line and column,
//! blanks between them, as far as those before it leave room. Tokens that the transform made up follow what is before
//! them. Comments go.
//!
//! Blanks between tokens mean nothing in JavaScript, with two exceptions that are minded: two words need at least one
//! between them, and after `return` and its kind (and before `=>`, `++`, `--`) no line may end. The other way round, a
//! line end never stands for a semicolon here, because the printer writes every semicolon.

use std::collections::BTreeMap;

use swc_common::{FileName, GLOBALS, Globals, SourceMap, sync::Lrc};
use swc_ecma_parser::{EsSyntax, Parser, StringInput, Syntax, lexer::Lexer, unstable::Capturing};

/// Zero-based line and column, in UTF-16 units.
type Place = (u32, u32);

pub fn lay_out(code: &str, map: &[u8]) -> String {
    let (Some(origins), Some(tokens)) = (origins(map), tokens(code)) else {
        return code.to_string();
    };
    let mut page = Page::default();
    let mut reader = Reader::default();
    let mut end = 0;
    for (from, to) in tokens {
        if from < end {
            continue;
        }
        let gap = &code[end..from];
        let token = &code[from..to];
        reader.read(gap);
        let origin = origins.get(&reader.place).copied();
        page.leave_gap(gap, token, origin);
        page.write(token);
        reader.read(token);
        end = to;
    }
    page.text.push('\n');
    page.text
}

fn origins(map: &[u8]) -> Option<BTreeMap<Place, Place>> {
    let map = swc_sourcemap::SourceMap::from_slice(map).ok()?;
    let mut origins = BTreeMap::new();
    for token in map.tokens().filter(|token| token.get_source().is_some()) {
        origins
            .entry((token.get_dst_line(), token.get_dst_col()))
            .or_insert((token.get_src_line(), token.get_src_col()));
    }
    Some(origins)
}

/// Where each token begins and ends, in bytes. `None` for what does not parse, which the printer does not print.
fn tokens(code: &str) -> Option<Vec<(usize, usize)>> {
    let map: Lrc<SourceMap> = Lrc::default();
    let file = map.new_source_file(FileName::Anon.into(), code.to_string());
    let syntax = Syntax::Es(EsSyntax {
        decorators: true,
        ..EsSyntax::default()
    });
    let lexer = Lexer::new(syntax, Default::default(), StringInput::from(&*file), None);
    let mut parser = Parser::new_from(Capturing::new(lexer));
    GLOBALS
        .set(&Globals::default(), || parser.parse_program())
        .ok()?;
    let base = file.start_pos.0;
    let tokens = parser.input_mut().iter_mut().take();
    Some(
        tokens
            .iter()
            .map(|token| {
                (
                    (token.span.lo.0 - base) as usize,
                    (token.span.hi.0 - base) as usize,
                )
            })
            .filter(|(from, to)| from < to)
            .collect(),
    )
}

/// Where one is in the printed code.
#[derive(Default)]
struct Reader {
    place: Place,
}

impl Reader {
    fn read(&mut self, text: &str) {
        self.place = after(self.place, text);
    }
}

fn after((line, column): Place, text: &str) -> Place {
    match text.rfind('\n') {
        None => (line, column + text.encode_utf16().count() as u32),
        Some(last) => (
            line + text.matches('\n').count() as u32,
            text[last + 1..].encode_utf16().count() as u32,
        ),
    }
}

/// What has been set so far.
#[derive(Default)]
struct Page {
    text: String,
    place: Place,
    last: String,
}

/// After these a line end would end the statement, or mean another thing.
const KEEPS_LINE_AFTER: [&str; 8] = [
    "return", "throw", "break", "continue", "yield", "async", "get", "set",
];
const KEEPS_LINE_BEFORE: [&str; 3] = ["=>", "++", "--"];

impl Page {
    fn leave_gap(&mut self, gap: &str, token: &str, origin: Option<Place>) {
        if let Some((line, column)) = origin {
            let bound = KEEPS_LINE_AFTER.contains(&self.last.as_str())
                || KEEPS_LINE_BEFORE.contains(&token);
            if line > self.place.0 && !bound {
                self.write(&"\n".repeat((line - self.place.0) as usize));
            }
            if line == self.place.0 && column > self.place.1 {
                self.write(&" ".repeat((column - self.place.1) as usize));
                return;
            }
        }
        if !gap.is_empty() && self.place.1 > 0 {
            self.write(" ");
        }
    }

    fn write(&mut self, text: &str) {
        self.text.push_str(text);
        self.place = after(self.place, text);
        if !text.trim().is_empty() {
            self.last = text.to_string();
        }
    }
}
