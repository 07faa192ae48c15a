//! One file, by `swc_ts_fast_strip`, with the options that Node gives it (lib/internal/modules/typescript.js of Node 22,
//! and the package amaro that it calls).

use std::sync::{Arc, Mutex};

use protocol::{Script, Untranslatable};
use swc_common::{
    FileName, GLOBALS, Globals, SourceMap, Span,
    errors::{DiagnosticBuilder, DiagnosticId, Emitter, HANDLER, Handler},
    sync::Lrc,
};
use swc_ecma_parser::{EsSyntax, Parser, StringInput, Syntax, lexer::Lexer};
use swc_ts_fast_strip::{Mode, Options, TransformOutput, operate};

use crate::layout::lay_out;

const INVALID: &str = "ERR_INVALID_TYPESCRIPT_SYNTAX";
const UNSUPPORTED: &str = "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";

pub fn transpile(path: &str, source: &str) -> Result<Script, Untranslatable> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let (hashbang, source) = without_hashbang(source);
    let text = match run(path, &source, strip_options()) {
        Ok(output) => output.code,
        Err(problem) if problem.code == UNSUPPORTED => {
            let output = run(path, &source, transform_options())?;
            match &output.map {
                Some(map) => lay_out(&output.code, map.as_bytes()),
                None => output.code,
            }
        }
        Err(problem) => return Err(problem),
    };
    let has_module_syntax = has_module_syntax(&text);
    let text = match hashbang.is_empty() {
        true => text,
        false => format!(
            "{hashbang}{}",
            &text[text.find('\n').unwrap_or(text.len())..]
        ),
    };
    Ok(Script {
        text,
        has_module_syntax,
    })
}

/// A `#!` line would be in the way of the layout; blanks hold its place.
fn without_hashbang(source: &str) -> (&str, String) {
    let end = match source.starts_with("#!") {
        true => source.find('\n').unwrap_or(source.len()),
        false => 0,
    };
    let (line, rest) = source.split_at(end);
    (line, format!("{}{rest}", " ".repeat(line.len())))
}

fn strip_options() -> Options {
    Options {
        mode: Mode::StripOnly,
        deprecated_ts_module_as_error: Some(true),
        ..options()
    }
}

fn transform_options() -> Options {
    let mut transform = swc_ts_fast_strip::TransformConfig::default();
    transform.typescript.verbatim_module_syntax = true;
    transform.typescript.native_class_properties = true;
    transform.typescript.no_empty_export = true;
    Options {
        mode: Mode::Transform,
        deprecated_ts_module_as_error: Some(true),
        transform: Some(transform),
        source_map: true,
        ..options()
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.parser.decorators = true;
    options
}

fn run(path: &str, source: &str, mut options: Options) -> Result<TransformOutput, Untranslatable> {
    options.filename = Some(path.to_string());
    let map = Lrc::new(SourceMap::default());
    let found = Found::default();
    let handler = Handler::with_emitter(false, false, Box::new(found.clone()));
    let output = GLOBALS.set(&Globals::default(), || {
        HANDLER.set(&handler, || {
            operate(&map, &handler, source.to_string(), options)
        })
    });
    output.map_err(|error| match found.first() {
        Some(problem) => problem.tell(&map),
        None => Untranslatable {
            code: INVALID.to_string(),
            message: error.message,
            line: 1,
            snippet: String::new(),
        },
    })
}

/// What the parser and the stripper complain about.
#[derive(Clone, Default)]
struct Found(Arc<Mutex<Vec<Problem>>>);

#[derive(Clone)]
struct Problem {
    message: String,
    unsupported: bool,
    place: Option<Span>,
}

impl Emitter for Found {
    fn emit(&mut self, diagnostic: &mut DiagnosticBuilder<'_>) {
        let unsupported = matches!(&diagnostic.code, Some(DiagnosticId::Error(code)) if code == "UnsupportedSyntax");
        let problem = Problem {
            message: diagnostic.message(),
            unsupported,
            place: diagnostic.span.primary_span(),
        };
        if let Ok(mut problems) = self.0.lock() {
            problems.push(problem);
        }
    }
}

impl Found {
    fn first(&self) -> Option<Problem> {
        self.0.lock().ok()?.first().cloned()
    }
}

impl Problem {
    fn tell(&self, map: &SourceMap) -> Untranslatable {
        let code = if self.unsupported {
            UNSUPPORTED
        } else {
            INVALID
        };
        let (line, snippet) = self
            .place
            .map_or((1, String::new()), |span| point_at(map, span));
        Untranslatable {
            code: code.to_string(),
            message: self.message.clone(),
            line,
            snippet,
        }
    }
}

/// The line where it starts, and the source around it: carets under what is within one line, marks at the first and
/// the last of several.
fn point_at(map: &SourceMap, span: Span) -> (u32, String) {
    let (start, end) = (map.lookup_char_pos(span.lo), map.lookup_char_pos(span.hi));
    let line = |number: usize| start.file.get_line(number.checked_sub(1)?);
    let mut shown: Vec<String> = Vec::new();
    if start.line == end.line {
        let (from, to) = (start.col.0, end.col.0);
        shown.extend(line(start.line - 1).map(String::from));
        shown.extend(line(start.line).map(String::from));
        let carets = "^".repeat(to.saturating_sub(from).max(1));
        shown.push(format!("{}{carets}", " ".repeat(from)));
        shown.extend(line(start.line + 1).map(String::from));
    } else {
        for number in start.line..=end.line {
            let edge = number == start.line || number == end.line;
            let mark = if edge { "  > " } else { "    " };
            shown.extend(line(number).map(|text| format!("{mark}{text}")));
        }
    }
    (
        start.line as u32,
        shown.join("\n").trim_end_matches('\n').to_string(),
    )
}

fn has_module_syntax(text: &str) -> bool {
    let map: Lrc<SourceMap> = Lrc::default();
    let file = map.new_source_file(FileName::Anon.into(), text.to_string());
    let syntax = Syntax::Es(EsSyntax {
        decorators: true,
        ..EsSyntax::default()
    });
    let lexer = Lexer::new(syntax, Default::default(), StringInput::from(&*file), None);
    GLOBALS.set(&Globals::default(), || {
        Parser::new_from(lexer)
            .parse_program()
            .is_ok_and(|program| program.is_module())
    })
}
