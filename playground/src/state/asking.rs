//! What the reader asks for by hand: the request that is being written, those that were sent, and what came of them.
//!
//! All that was sent is part of every later run, first when the programs' own conversation has ended and then a second
//! after each other, so that a run is repeated with it. A browser's history is a row of places in that list.

use std::rc::Rc;

use protocol::{
    Event, EventId, EventKind, Scenario,
    client::{Ask, ClientSpec, Credentials, Exchange, Manner, Mode, When},
    codec::Packed,
    lesson::SavedRequest,
};

use recording::Few;

use super::curl::{self, Command};

/// As the recording tells of it.
pub const NAME: &str = "your client";
pub const HOST: &str = "you";
const PAUSE_NS: u64 = 1_000_000_000;
const TIMEOUT_NS: u64 = 60_000_000_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyKind {
    #[default]
    None,
    Json,
    Form,
    Text,
}

impl BodyKind {
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::None, "None"),
        (Self::Json, "JSON"),
        (Self::Form, "Form"),
        (Self::Text, "Text"),
    ];

    fn content_type(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Json => Some("application/json"),
            Self::Form => Some("application/x-www-form-urlencoded"),
            Self::Text => Some("text/plain"),
        }
    }
}

/// A request as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub method: String,
    pub url: String,
    /// `name: value`, one a line.
    pub headers: String,
    pub kind: BodyKind,
    pub body: String,
    pub follows: bool,
    /// It asks for packed answers and unpacks them.
    pub unpacks: bool,
    /// For `fetch`.
    pub credentials: Credentials,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            url: String::new(),
            headers: String::new(),
            kind: BodyKind::None,
            body: String::new(),
            follows: false,
            unpacks: false,
            credentials: Credentials::SameOrigin,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The request by hand is now this.
    Draft(Draft),
    Saved(SavedRequest),
    Paste(String),
    Send,
    /// The browser's address, and a script's request.
    Address(String),
    Fetch(Draft),
    Navigate(Visit),
    Reload,
    SendFetch,
    Back,
    Forward,
    /// To look at what came of this.
    Choose(Option<u32>),
    Forget(u32),
    ForgetAll,
}

/// Where a browser goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    pub method: String,
    pub url: String,
    /// The page with the link or the form; nothing when it was typed.
    pub from: String,
    pub content_type: String,
    pub body: String,
}

/// What a message asks of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    None,
    /// There is more to send, or less.
    Run,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asking {
    pub draft: Draft,
    /// What is to be said of the last command that was pasted.
    pub told: Option<Result<String, String>>,
    pub address: String,
    pub fetch: Draft,
    sent: Vec<Ask>,
    answers: Few<u32, (EventId, Rc<Exchange>)>,
    /// Whose answer is shown; `None` for the last.
    pub chosen: Option<u32>,
    /// The browser's pages, and which of them is open.
    pages: Vec<u32>,
    page: usize,
}

impl Asking {
    pub fn change(&mut self, message: Message) -> Effect {
        match message {
            Message::Draft(draft) => {
                self.draft = draft;
                self.told = None;
            }
            Message::Saved(saved) => {
                self.draft = draft_of(&Command {
                    method: saved.method,
                    url: saved.url,
                    headers: saved.headers,
                    body: saved.body,
                    ..Command::default()
                });
                self.told = None;
            }
            Message::Paste(text) => match curl::parse(&text) {
                Ok(command) => {
                    self.draft = draft_of(&command);
                    self.told = Some(Ok("The command is read.".to_owned()));
                }
                Err(sentence) => self.told = Some(Err(sentence)),
            },
            Message::Send => {
                let manner = Manner::Plain {
                    follows: self.draft.follows,
                    unpacks: self.draft.unpacks,
                };
                let command = command_of(&self.draft);
                self.push(manner, command);
                return Effect::Run;
            }
            Message::Address(address) => self.address = address,
            Message::Fetch(draft) => self.fetch = draft,
            Message::Navigate(visit) => {
                self.visit(visit, false);
                return Effect::Run;
            }
            Message::Reload => {
                let Some(ask) = self.page().and_then(|page| self.sent.get(page as usize)) else {
                    return Effect::None;
                };
                let visit = Visit {
                    method: "GET".into(),
                    url: ask.url.clone(),
                    ..Visit::default()
                };
                self.visit(visit, true);
                return Effect::Run;
            }
            Message::SendFetch => {
                let Some(page) = self.page_url() else {
                    return Effect::None;
                };
                let manner = Manner::Fetch {
                    page,
                    mode: Mode::Cors,
                    credentials: self.fetch.credentials,
                };
                let command = command_of(&self.fetch);
                self.push(manner, command);
                return Effect::Run;
            }
            Message::Back => self.turn(self.page.checked_sub(1)),
            Message::Forward => self.turn(Some(self.page + 1)),
            Message::Choose(ask) => self.chosen = ask,
            Message::Forget(ask) => {
                if (ask as usize) < self.sent.len() {
                    self.sent.remove(ask as usize);
                    // Places behind it move up.
                    self.pages.retain(|page| *page != ask);
                    for page in &mut self.pages {
                        *page -= u32::from(*page > ask);
                    }
                    self.page = self.page.min(self.pages.len().saturating_sub(1));
                    self.chosen = None;
                    return Effect::Run;
                }
            }
            Message::ForgetAll => {
                let had_some = !self.sent.is_empty();
                (self.sent, self.pages) = (Vec::new(), Vec::new());
                (self.page, self.chosen) = (0, None);
                return if had_some { Effect::Run } else { Effect::None };
            }
        }
        Effect::None
    }

    fn visit(&mut self, visit: Visit, reload: bool) {
        let manner = Manner::Navigate {
            from: visit.from,
            reload,
        };
        let mut headers = Vec::new();
        if !visit.content_type.is_empty() {
            headers.push(("Content-Type".to_owned(), visit.content_type));
        }
        let command = Command {
            method: visit.method,
            url: visit.url,
            headers,
            body: visit.body,
            ..Command::default()
        };
        self.address.clone_from(&command.url);
        let place = self.sent.len() as u32;
        self.push(manner, command);
        if reload && !self.pages.is_empty() {
            self.pages[self.page] = place;
            return;
        }
        self.pages.truncate(self.page + 1);
        self.pages.push(place);
        self.page = self.pages.len() - 1;
    }

    fn push(&mut self, manner: Manner, command: Command) {
        let when = match self.sent.is_empty() {
            true => When::Rest,
            false => When::After(PAUSE_NS),
        };
        let address = command.url.trim();
        let url = match address.contains("://") || address.is_empty() {
            true => address.to_owned(),
            false => format!("http://{address}"),
        };
        self.chosen = None;
        self.sent.push(Ask {
            when,
            manner,
            method: command.method,
            url,
            headers: command.headers,
            body: command.body.into_bytes(),
        });
    }

    fn turn(&mut self, to: Option<usize>) {
        if let Some(to) = to.filter(|to| *to < self.pages.len()) {
            self.page = to;
            if let Some(url) = self.page_url() {
                self.address = url;
            }
        }
    }

    // ---- what was sent, and what came of it ----

    pub fn sent(&self) -> &[Ask] {
        &self.sent
    }

    /// The ask of the page that is open.
    pub fn page(&self) -> Option<u32> {
        self.pages.get(self.page).copied()
    }

    /// Where that page came from in the end.
    pub fn page_url(&self) -> Option<String> {
        let page = self.page()?;
        let answer = self.answers.get(&page);
        let url = answer.map(|(_, exchange)| exchange.last_url().to_owned());
        url.or_else(|| Some(self.sent.get(page as usize)?.url.clone()))
    }

    pub fn can_go(&self) -> (bool, bool) {
        (self.page > 0, self.page + 1 < self.pages.len())
    }

    pub fn answer(&self, ask: u32) -> Option<&(EventId, Rc<Exchange>)> {
        self.answers.get(&ask)
    }

    /// With the scenario, whatever was sent so far.
    pub fn join(&self, scenario: &mut Scenario) {
        if self.sent.is_empty() {
            return;
        }
        let mut clients = scenario.network.clients.open().unwrap_or_default();
        let mut asks = self.sent.clone();
        // The first may have been forgotten.
        asks[0].when = When::Rest;
        clients.push(ClientSpec {
            name: NAME.into(),
            from: HOST.into(),
            timeout_ns: TIMEOUT_NS,
            traces: scenario.network.traced,
            asks,
        });
        scenario.network.clients = Packed::new(&clients);
    }

    /// A run begins: nothing is answered yet.
    pub fn begin(&mut self) {
        self.answers.clear();
    }

    pub fn take(&mut self, id: EventId, event: &Event) {
        let EventKind::AskEnded { ask, exchange, .. } = &event.kind else {
            return;
        };
        if let Some(exchange) = exchange.open().filter(|exchange| exchange.client == NAME) {
            let is_open = self.page() == Some(*ask);
            self.answers.insert(*ask, (id, Rc::new(exchange)));
            if is_open && let Some(url) = self.page_url() {
                self.address = url;
            }
        }
    }
}

fn draft_of(command: &Command) -> Draft {
    let kind = command
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .and_then(|(_, value)| {
            let mut kinds = BodyKind::ALL.iter().map(|(kind, _)| *kind);
            kinds.find(|kind| kind.content_type() == Some(value.as_str()))
        });
    let is_said = |name: &str| kind.is_some() && name.eq_ignore_ascii_case("content-type");
    let headers = command.headers.iter().filter(|(name, _)| !is_said(name));
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    Draft {
        method: command.method.clone(),
        url: command.url.clone(),
        headers: headers.join("\n"),
        kind: kind.unwrap_or(match command.body.is_empty() {
            true => BodyKind::None,
            false => BodyKind::Text,
        }),
        body: command.body.clone(),
        follows: command.follows,
        unpacks: command.unpacks,
        ..Draft::default()
    }
}

pub fn command_of(draft: &Draft) -> Command {
    let lines = draft.headers.lines().filter(|line| !line.trim().is_empty());
    let mut headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').unwrap_or((line, "")))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let says = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(kind) = draft.kind.content_type().filter(|_| !says) {
        headers.push(("Content-Type".into(), kind.into()));
    }
    Command {
        method: draft.method.clone(),
        url: draft.url.trim().to_owned(),
        headers,
        body: match draft.kind {
            BodyKind::None => String::new(),
            _ => draft.body.clone(),
        },
        follows: draft.follows,
        unpacks: draft.unpacks,
    }
}

/// JSON with a line for each value, whatever else is wrong with it; numbers and texts stay as they were sent.
pub fn pretty_json(text: &str) -> String {
    const BYTES_MAX: usize = 512 << 10;
    let (mut pretty, mut depth) = (String::with_capacity(text.len() * 2), 0_usize);
    let mut letters = text.chars().peekable();
    let line = |pretty: &mut String, depth: usize| {
        pretty.push('\n');
        pretty.extend(std::iter::repeat_n("  ", depth.min(40)));
    };
    while let Some(letter) = letters.next() {
        if pretty.len() > BYTES_MAX {
            pretty.push('…');
            break;
        }
        match letter {
            '"' => {
                pretty.push('"');
                while let Some(inner) = letters.next() {
                    pretty.push(inner);
                    match inner {
                        '\\' => pretty.extend(letters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                pretty.push(letter);
                while letters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                match letters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => pretty.push(end),
                    None => {
                        depth += 1;
                        line(&mut pretty, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut pretty, depth);
                pretty.push(letter);
            }
            ',' => {
                pretty.push(',');
                line(&mut pretty, depth);
            }
            ':' => pretty.push_str(": "),
            other if other.is_ascii_whitespace() => {}
            other => pretty.push(other),
        }
    }
    pretty
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(url: &str) -> Message {
        Message::Navigate(Visit {
            method: "GET".into(),
            url: url.into(),
            ..Visit::default()
        })
    }

    fn urls(asking: &Asking) -> Vec<&str> {
        asking.sent().iter().map(|ask| ask.url.as_str()).collect()
    }

    #[test]
    fn what_is_sent_stays_sent() {
        let mut asking = Asking::default();
        let told = asking.change(Message::Paste("curl -X PUT api:3000/x --json '{}'".into()));
        assert_eq!(told, Effect::None);
        assert_eq!(
            (asking.draft.kind, asking.draft.method.as_str()),
            (BodyKind::Json, "PUT")
        );
        assert_eq!(asking.draft.headers, "Accept: application/json");
        assert_eq!(asking.change(Message::Send), Effect::Run);
        assert_eq!(asking.change(Message::Send), Effect::Run);
        let [first, second] = asking.sent() else {
            panic!("{asking:?}");
        };
        assert_eq!(
            (first.when, second.when),
            (When::Rest, When::After(PAUSE_NS))
        );
        assert_eq!(first.body, b"{}");
        assert_eq!(asking.change(Message::Forget(0)), Effect::Run);
        assert_eq!(asking.change(Message::ForgetAll), Effect::Run);
        assert_eq!(asking.change(Message::ForgetAll), Effect::None);
        assert_eq!(asking.change(Message::Forget(9)), Effect::None);
        assert!(matches!(
            asking.change(Message::Paste("wget".into())),
            Effect::None
        ));
        assert!(matches!(asking.told, Some(Err(_))));
    }

    #[test]
    fn a_browser_goes_back_without_asking() {
        let mut asking = Asking::default();
        for url in ["api/1", "http://api/2", "http://api/3"] {
            assert_eq!(asking.change(visit(url)), Effect::Run);
        }
        assert_eq!(asking.can_go(), (true, false));
        assert_eq!(asking.change(Message::Back), Effect::None);
        assert_eq!((asking.page(), asking.can_go()), (Some(1), (true, true)));
        assert_eq!(asking.address, "http://api/2");
        asking.change(Message::Reload);
        assert_eq!(
            asking.page(),
            Some(3),
            "it takes the place of what was open"
        );
        asking.change(visit("http://api/4"));
        assert_eq!((asking.page(), asking.can_go()), (Some(4), (true, false)));
        assert_eq!(
            urls(&asking),
            [
                "http://api/1",
                "http://api/2",
                "http://api/3",
                "http://api/2",
                "http://api/4"
            ]
        );
        asking.change(Message::Forget(0));
        assert_eq!((asking.page(), asking.can_go()), (Some(3), (true, false)));
        for message in [
            Message::Back,
            Message::Back,
            Message::Back,
            Message::Forward,
        ] {
            asking.change(message);
        }
        assert_eq!(asking.page(), Some(3));
    }

    #[test]
    fn a_scenario_has_what_was_sent() {
        let mut asking = Asking::default();
        asking.change(visit("http://api/1"));
        asking.change(visit("http://api/2"));
        asking.change(Message::Forget(0));
        let lesson = crate::state::fixtures::lesson();
        let mut scenario = lesson.scenario([], 7, protocol::Record::All);
        asking.join(&mut scenario);
        let clients = scenario.network.clients.open().unwrap();
        assert_eq!(clients[0].asks.len(), 1);
        assert_eq!(clients[0].asks[0].when, When::Rest);
    }

    #[test]
    fn json_has_a_line_for_each_value() {
        let table = [
            (
                "{\"a\":[1,{}],\"b\":\"x,y\"}",
                "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x,y\"\n}",
            ),
            ("[ ]", "[]"),
            ("12345678901234567890.10", "12345678901234567890.10"),
            ("\"a\\\"b\"", "\"a\\\"b\""),
            ("}]{\"", "\n}\n]{\n  \""),
        ];
        for (text, expected) in table {
            assert_eq!(pretty_json(text), expected, "{text}");
        }
        assert!(pretty_json(&"[".repeat(100_000)).len() < 1 << 20);
    }
}
