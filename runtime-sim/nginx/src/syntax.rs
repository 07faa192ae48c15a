//! nginx's configuration as words and blocks (`src/core/ngx_conf_file.c`): `name argument … ;` or `name argument … { … }`.

use crate::Mistake;

#[derive(Clone, Debug)]
pub(crate) struct Directive {
    pub line: u32,
    pub name: String,
    pub arguments: Vec<String>,
    pub block: Option<Vec<Directive>>,
}

pub(crate) fn read(text: &str) -> Result<Vec<Directive>, Mistake> {
    let mut words = Words {
        rest: text,
        line: 1,
    };
    let directives = read_block(&mut words, false)?;
    Ok(directives)
}

fn mistake(line: u32, sentence: impl Into<String>) -> Mistake {
    Mistake {
        line,
        sentence: sentence.into(),
    }
}

fn read_block(words: &mut Words, is_inner: bool) -> Result<Vec<Directive>, Mistake> {
    let mut directives = Vec::new();
    let mut said: Vec<String> = Vec::new();
    let mut line = words.line;
    loop {
        match words.next()? {
            Some(Word::Text(text)) => {
                if said.is_empty() {
                    line = words.line;
                }
                said.push(text);
            }
            Some(Word::Semicolon) | Some(Word::Open) if said.is_empty() => {
                return Err(mistake(words.line, "unexpected \";\" or \"{\""));
            }
            Some(end @ (Word::Semicolon | Word::Open)) => {
                let mut all = std::mem::take(&mut said).into_iter();
                let name = all.next().unwrap_or_default();
                let block = match end {
                    Word::Open => Some(read_block(words, true)?),
                    _ => None,
                };
                directives.push(Directive {
                    line,
                    name,
                    arguments: all.collect(),
                    block,
                });
            }
            Some(Word::Close) if is_inner && said.is_empty() => return Ok(directives),
            Some(Word::Close) => return Err(mistake(words.line, "unexpected \"}\"")),
            None if !said.is_empty() => {
                let sentence = "unexpected end of file, expecting \";\" or \"}\"";
                return Err(mistake(words.line, sentence));
            }
            None if is_inner => {
                return Err(mistake(
                    words.line,
                    "unexpected end of file, expecting \"}\"",
                ));
            }
            None => return Ok(directives),
        }
    }
}

enum Word {
    Text(String),
    Semicolon,
    Open,
    Close,
}

struct Words<'a> {
    rest: &'a str,
    line: u32,
}

impl Words<'_> {
    fn take(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        if letter == '\n' {
            self.line += 1;
        }
        Some(letter)
    }

    fn next(&mut self) -> Result<Option<Word>, Mistake> {
        loop {
            let Some(letter) = self.take() else {
                return Ok(None);
            };
            match letter {
                letter if letter.is_ascii_whitespace() => {}
                '#' => while self.take().is_some_and(|letter| letter != '\n') {},
                ';' => return Ok(Some(Word::Semicolon)),
                '{' => return Ok(Some(Word::Open)),
                '}' => return Ok(Some(Word::Close)),
                quote @ ('"' | '\'') => return self.quoted(quote).map(Some),
                first => return Ok(Some(self.plain(first))),
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Word, Mistake> {
        let line = self.line;
        let mut text = String::new();
        while let Some(letter) = self.take() {
            match letter {
                '\\' => text.extend(self.escaped()),
                letter if letter == quote => return Ok(Word::Text(text)),
                letter => text.push(letter),
            }
        }
        Err(mistake(
            line,
            "unexpected end of file, expecting a closing quote",
        ))
    }

    fn plain(&mut self, first: char) -> Word {
        let mut text = String::new();
        let mut letter = Some(first);
        // `${name}` is no block.
        let mut is_variable = false;
        while let Some(this) = letter {
            match this {
                '\\' => text.extend(self.escaped()),
                this => text.push(this),
            }
            if this == '}' {
                is_variable = false;
            }
            letter = match self.rest.chars().next() {
                Some('{') if this == '$' => {
                    is_variable = true;
                    self.take()
                }
                Some('}') if is_variable => self.take(),
                Some(';' | '{' | '}') | None => None,
                Some(next) if next.is_ascii_whitespace() => None,
                Some(_) => self.take(),
            };
        }
        Word::Text(text)
    }

    /// What stands behind a backslash: only some letters lose it.
    fn escaped(&mut self) -> Vec<char> {
        match self.take() {
            Some(letter @ ('"' | '\'' | '\\')) => vec![letter],
            Some('t') => vec!['\t'],
            Some('r') => vec!['\r'],
            Some('n') => vec!['\n'],
            Some(other) => vec!['\\', other],
            None => vec!['\\'],
        }
    }
}
