//! Markdown into blocks: `text.md` and the hints of `lesson.toml`.
//!
//! CommonMark with tables, and these conventions of ours:
//! - `## Heading {.predict}`, `{.change}` or `{.break}` says what the reader does in this step;
//! - a fence that says ```` ```predict ```` is where the lesson's prediction stands;
//! - a fence that says ```` ```js try=main.js ```` has a button that puts its code into that file;
//! - links lead to `https:` pages, to a moment of the recording (`moment:start`, `end`, `longest`, `failure`,
//!   `log/TEXT`), to another lesson (`lesson:CHAPTER/LESSON`), or only give a word its queue's colour (`queue:tick`).
//!
//! Everything else that Markdown could do (HTML, pictures, footnotes) is refused rather than dropped.

use std::{iter::Peekable, ops::Range};

use protocol::lesson::{Block, Inline, Moment, QueueName, Step, Target};
use pulldown_cmark::{
    CodeBlockKind, Event, HeadingLevel, OffsetIter, Options, Parser, Tag, TagEnd,
};

use crate::mistake::suggestion;

const STEPS: [(&str, Step); 3] = [
    ("predict", Step::Predict),
    ("change", Step::Change),
    ("break", Step::Break),
];

const QUEUES: [(&str, QueueName); 7] = [
    ("main", QueueName::Main),
    ("tick", QueueName::Tick),
    ("microtask", QueueName::Microtask),
    ("timers", QueueName::Timers),
    ("poll", QueueName::Poll),
    ("check", QueueName::Check),
    ("close", QueueName::Close),
];

const MOMENTS: [(&str, Moment); 4] = [
    ("start", Moment::Start),
    ("end", Moment::End),
    ("longest", Moment::LongestTask),
    ("failure", Moment::Failure),
];

const LANGUAGES: [&str; 8] = ["http", "js", "json", "sh", "sql", "text", "toml", "ts"];

/// What the text may refer to.
pub(crate) struct Context<'a> {
    /// Files of `start/` that a button may write to.
    pub writable: &'a [&'a str],
    /// Whether a lesson exists, by its id.
    pub lesson_exists: &'a dyn Fn(&str) -> bool,
    /// A hint has no headings and no prediction of its own.
    pub hint: bool,
    /// Takes a byte of the text and the sentence about it.
    pub report: &'a dyn Fn(usize, String),
}

pub(crate) fn read(markdown: &str, context: &Context) -> Vec<Block> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut reader = Reader {
        events: Parser::new_ext(markdown, options)
            .into_offset_iter()
            .peekable(),
        context,
    };
    reader.blocks(None)
}

struct Reader<'a, 'm> {
    events: Peekable<OffsetIter<'m>>,
    context: &'a Context<'a>,
}

impl<'m> Reader<'_, 'm> {
    /// Blocks up to the end of the tag that is open; that end is taken too.
    fn blocks(&mut self, end: Option<TagEnd>) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some((event, _)) = self.events.peek() {
            if is_inline(event) {
                // A tight list has its words without a paragraph around them.
                blocks.push(Block::Paragraph(self.inlines()));
                continue;
            }
            let Some((event, span)) = self.events.next() else {
                break;
            };
            match event {
                Event::End(tag) if Some(tag) == end => break,
                Event::Start(tag) => blocks.extend(self.block(tag, span)),
                Event::Rule => blocks.push(Block::Rule),
                _ => self.refuse(span, "This has no meaning in a lesson."),
            }
        }
        blocks
    }

    fn block(&mut self, tag: Tag<'m>, span: Range<usize>) -> Option<Block> {
        let end = tag.to_end();
        Some(match tag {
            Tag::Paragraph => {
                let content = self.inlines_to(end);
                Block::Paragraph(content)
            }
            Tag::Heading {
                level,
                id,
                classes,
                attrs,
            } => {
                let content = self.inlines_to(end);
                let words = id
                    .iter()
                    .map(|id| format!("#{id}"))
                    .chain(classes.iter().map(|class| format!(".{class}")))
                    .chain(attrs.iter().map(|(name, _)| name.to_string()))
                    .collect();
                return self.heading(level, words, content, span);
            }
            Tag::CodeBlock(kind) => {
                let text = self.plain_to(end);
                return self.code(kind, text, span);
            }
            Tag::List(ordered_from) => {
                let mut items = Vec::new();
                while let Some((event, _)) = self.events.next() {
                    match event {
                        Event::End(tag) if tag == end => break,
                        Event::Start(tag) => items.push(self.blocks(Some(tag.to_end()))),
                        _ => {}
                    }
                }
                Block::List {
                    ordered_from,
                    items,
                }
            }
            Tag::BlockQuote(_) => Block::Quote(self.blocks(Some(end))),
            Tag::Table(_) => self.table(end),
            Tag::HtmlBlock => {
                self.skip_to(end);
                self.refuse(span, "HTML is not allowed here; Markdown only.");
                return None;
            }
            _ => {
                self.skip_to(end);
                self.refuse(span, "This has no meaning in a lesson.");
                return None;
            }
        })
    }

    fn heading(
        &self,
        level: HeadingLevel,
        words: Vec<String>,
        content: Vec<Inline>,
        span: Range<usize>,
    ) -> Option<Block> {
        if self.context.hint {
            self.refuse(span, "A hint has no headings.");
            return None;
        }
        let level = level as u8;
        if level == 1 {
            self.refuse(
                span.clone(),
                "The title stands in lesson.toml; headings of the text start with `##`.",
            );
        }
        if level > 3 {
            self.refuse(span.clone(), "Headings go down to `###` and no further.");
        }
        let mut step = None;
        for word in words {
            let class = word.strip_prefix('.');
            match STEPS.iter().find(|(name, _)| Some(*name) == class) {
                Some(_) if level != 2 => {
                    self.refuse(
                        span.clone(),
                        &format!("`{{{word}}}` belongs on a `##` heading."),
                    );
                }
                Some(_) if step.is_some() => {
                    self.refuse(span.clone(), "One heading opens one step.");
                }
                Some((_, meant)) => step = Some(*meant),
                None => {
                    let names = STEPS.map(|(name, _)| name);
                    let bare = word.trim_start_matches(['.', '#']);
                    let advice = match names.contains(&bare) {
                        true => format!(" Did you mean `{{.{bare}}}`?"),
                        false => suggestion(bare, names),
                    };
                    self.refuse(
                        span.clone(),
                        &format!("`{{{word}}}` is not a directive.{advice}"),
                    );
                }
            }
        }
        Some(Block::Heading {
            level,
            step,
            content,
        })
    }

    fn code(&self, kind: CodeBlockKind, text: String, span: Range<usize>) -> Option<Block> {
        let CodeBlockKind::Fenced(info) = kind else {
            self.refuse(
                span,
                "Code stands in a fence that says its language: ```js.",
            );
            return None;
        };
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or_default();
        if language == "predict" {
            return self.prediction(words.next(), &text, span);
        }
        if language.is_empty() {
            self.refuse(
                span.clone(),
                "This fence does not say its language: ```js, ```text.",
            );
        } else if !LANGUAGES.contains(&language) {
            let advice = suggestion(language, LANGUAGES.into_iter().chain(["predict"]));
            self.refuse(
                span.clone(),
                &format!(
                    "`{language}` is not a language of a fence ({}).{advice}",
                    LANGUAGES.join(", ")
                ),
            );
        }
        let mut try_in = None;
        for word in words {
            match word.split_once('=') {
                Some(("try", file)) if self.context.writable.contains(&file) => {
                    try_in = Some(file.to_string());
                }
                Some(("try", file)) => self.refuse(
                    span.clone(),
                    &format!(
                        "`try={file}` names no file of start/ that the reader may change.{}",
                        suggestion(file, self.context.writable.iter().copied())
                    ),
                ),
                _ => {
                    let name = word.split('=').next().unwrap_or(word);
                    self.refuse(
                        span.clone(),
                        &format!(
                            "`{word}` is not a directive of a fence.{}",
                            suggestion(name, ["try"])
                        ),
                    );
                }
            }
        }
        Some(Block::Code {
            language: language.to_string(),
            text,
            try_in,
        })
    }

    fn prediction(&self, rest: Option<&str>, text: &str, span: Range<usize>) -> Option<Block> {
        if self.context.hint {
            self.refuse(span, "A hint has no prediction.");
            return None;
        }
        if rest.is_some() || !text.trim().is_empty() {
            self.refuse(
                span,
                "The predict fence is empty: its question and lines stand in lesson.toml.",
            );
        }
        Some(Block::Predict)
    }

    fn table(&mut self, end: TagEnd) -> Block {
        let mut head = Vec::new();
        let mut rows = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::End(tag) if tag == end => break,
                Event::Start(Tag::TableHead) => head = self.cells(TagEnd::TableHead),
                Event::Start(Tag::TableRow) => rows.push(self.cells(TagEnd::TableRow)),
                _ => {}
            }
        }
        Block::Table { head, rows }
    }

    fn cells(&mut self, end: TagEnd) -> Vec<Vec<Inline>> {
        let mut cells = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::End(tag) if tag == end => break,
                Event::Start(Tag::TableCell) => cells.push(self.inlines_to(TagEnd::TableCell)),
                _ => {}
            }
        }
        cells
    }

    /// Inline content, and the end of the tag around it.
    fn inlines_to(&mut self, end: TagEnd) -> Vec<Inline> {
        let content = self.inlines();
        self.skip_to(end);
        content
    }

    /// Inline content, as far as it goes.
    fn inlines(&mut self) -> Vec<Inline> {
        let mut content = Vec::new();
        while self
            .events
            .peek()
            .is_some_and(|(event, _)| is_inline(event))
        {
            let Some((event, span)) = self.events.next() else {
                break;
            };
            match event {
                Event::Text(text) => push_text(&mut content, &text),
                Event::SoftBreak => push_text(&mut content, " "),
                Event::HardBreak => content.push(Inline::Break),
                Event::Code(text) => content.push(Inline::Code(text.into_string())),
                Event::Start(Tag::Emphasis) => {
                    content.push(Inline::Emphasis(self.inlines_to(TagEnd::Emphasis)));
                }
                Event::Start(Tag::Strong) => {
                    content.push(Inline::Strong(self.inlines_to(TagEnd::Strong)));
                }
                Event::Start(Tag::Link {
                    dest_url, title, ..
                }) => {
                    let inner = self.inlines_to(TagEnd::Link);
                    if !title.is_empty() {
                        self.refuse(span.clone(), "A link's title would not be shown.");
                    }
                    match self.target(&dest_url) {
                        Ok(to) => content.push(Inline::Link { to, content: inner }),
                        Err(sentence) => self.refuse(span, &sentence),
                    }
                }
                Event::Start(tag) => {
                    self.skip_to(tag.to_end());
                    self.refuse(span, "Pictures are not allowed here.");
                }
                _ => self.refuse(span, "HTML is not allowed here; Markdown only."),
            }
        }
        content
    }

    fn target(&self, address: &str) -> Result<Target, String> {
        let Some((scheme, rest)) = address.split_once(':') else {
            return Err(format!(
                "The link `{address}` leads nowhere: it needs https:, lesson:, moment: or queue:."
            ));
        };
        match scheme {
            "https" => Ok(Target::Web(address.to_string())),
            "http" => Err(format!(
                "The link `{address}` is not safe; only https: is allowed."
            )),
            "lesson" if (self.context.lesson_exists)(rest) => Ok(Target::Lesson(rest.to_string())),
            "lesson" => Err(format!(
                "The link `{address}` names no lesson: it is lesson:CHAPTER/LESSON, by the folders' names."
            )),
            "queue" => find(&QUEUES, rest)
                .map(Target::Queue)
                .map_err(|advice| format!("The link `{address}` names no queue.{advice}")),
            "moment" => match rest.strip_prefix("log/") {
                Some("") => Err(format!(
                    "The link `{address}` does not say which line: moment:log/TEXT."
                )),
                Some(text) => Ok(Target::Moment(Moment::Log(text.to_string()))),
                None => find(&MOMENTS, rest).map(Target::Moment).map_err(|advice| {
                    format!("The link `{address}` names no moment (start, end, longest, failure, log/TEXT).{advice}")
                }),
            },
            _ => Err(format!(
                "The link `{address}` leads nowhere: it needs https:, lesson:, moment: or queue:."
            )),
        }
    }

    fn plain_to(&mut self, end: TagEnd) -> String {
        let mut plain = String::new();
        for (event, _) in self.events.by_ref() {
            match event {
                Event::End(tag) if tag == end => break,
                Event::Text(text) => plain.push_str(&text),
                _ => {}
            }
        }
        plain
    }

    /// Leaves the tag that is open. Tags of the same kind inside of it are left as well.
    fn skip_to(&mut self, end: TagEnd) {
        let mut depth = 0;
        for (event, _) in self.events.by_ref() {
            match event {
                Event::Start(tag) if tag.to_end() == end => depth += 1,
                Event::End(tag) if tag == end && depth == 0 => break,
                Event::End(tag) if tag == end => depth -= 1,
                _ => {}
            }
        }
    }

    fn refuse(&self, span: Range<usize>, sentence: &str) {
        (self.context.report)(span.start, sentence.to_string());
    }
}

fn is_inline(event: &Event) -> bool {
    match event {
        Event::Start(tag) => matches!(
            tag,
            Tag::Emphasis | Tag::Strong | Tag::Link { .. } | Tag::Image { .. }
        ),
        Event::Text(_)
        | Event::Code(_)
        | Event::InlineHtml(_)
        | Event::SoftBreak
        | Event::HardBreak => true,
        _ => false,
    }
}

fn push_text(content: &mut Vec<Inline>, more: &str) {
    match content.last_mut() {
        Some(Inline::Text(text)) => text.push_str(more),
        _ => content.push(Inline::Text(more.to_string())),
    }
}

fn find<T: Clone>(names: &[(&'static str, T)], word: &str) -> Result<T, String> {
    names
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, value)| value.clone())
        .ok_or_else(|| suggestion(word, names.iter().map(|(name, _)| *name)))
}
