//! HTML that a server of the world has answered, as a tree of what is harmless.
//!
//! The browser's own parser reads it into a document that belongs to no window: nothing in it runs or is loaded. Of
//! that only texts and elements of a short list are taken over, without their attributes, so what is drawn has no
//! script, no style, no address and no name of the page's own in it. Links and forms become [`Piece`]s, which say where
//! they lead; whoever draws them decides what happens then.
//!
//! Leaves out: everything that a page would load, styles, scripts, frames, and `<base>`.

use recording::Few;
use wasm_bindgen::JsCast;
use web_sys::{DomParser, Element, Node, SupportedType, Url};

const PIECES_MAX: usize = 5_000;
const DEPTH_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// One of [`KEPT`].
    Element(&'static str, Vec<Piece>),
    /// To an address, or the reason why it leads nowhere.
    Link(Result<String, String>, Vec<Piece>),
    Form(Form, Vec<Piece>),
    Field(Field),
    Image(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub action: Result<String, String>,
    pub posts: bool,
    pub encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Url,
    Multipart,
    Text,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub kind: FieldKind,
    pub name: String,
    pub value: String,
    /// What it says, or what it is called for those who cannot see it.
    pub label: String,
    pub is_on: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One of [`INPUTS`].
    Input(&'static str),
    Area,
    /// Value, text, and whether it is chosen.
    Select(Vec<(String, String, bool)>),
    Submit,
    /// It does nothing here.
    Idle,
}

#[derive(Debug, Default)]
pub struct Page {
    pub title: String,
    pub pieces: Vec<Piece>,
    /// What was left out, by its name.
    pub left_out: Few<String, u32>,
    pub is_cut: bool,
}

/// What is drawn as itself.
const KEPT: [&str; 34] = [
    "p",
    "div",
    "span",
    "section",
    "article",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "pre",
    "code",
    "blockquote",
    "em",
    "strong",
    "b",
    "i",
    "u",
    "s",
    "small",
    "sub",
    "sup",
    "br",
    "hr",
    "kbd",
];
/// They take what is in them along.
const DROPPED: [&str; 24] = [
    "script",
    "style",
    "template",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "svg",
    "math",
    "link",
    "meta",
    "base",
    "video",
    "audio",
    "canvas",
    "source",
    "track",
    "portal",
    "fencedframe",
    "dialog",
    "map",
    "title",
];
const INPUTS: [&str; 11] = [
    "text", "search", "email", "url", "tel", "number", "password", "date", "hidden", "checkbox",
    "radio",
];

pub fn read(html: &str, base: &str) -> Page {
    let mut page = Page::default();
    let parsed =
        DomParser::new().and_then(|parser| parser.parse_from_string(html, SupportedType::TextHtml));
    let Ok(document) = parsed else {
        return page;
    };
    page.title = document.title().chars().take(200).collect();
    let mut reader = Reader {
        base,
        page: &mut page,
        left: PIECES_MAX,
    };
    for name in ["script", "style", "link", "meta", "base"] {
        if let Some(head) = document.head() {
            let count = head.get_elements_by_tag_name(name).length();
            reader.leave_out(name, count);
        }
    }
    let pieces = document.body().map(|body| reader.children(&body, 0));
    page.pieces = pieces.unwrap_or_default();
    page
}

/// Where an address leads from a page: into the world, or nowhere.
pub fn resolve(href: &str, base: &str) -> Result<String, String> {
    let url = Url::new_with_base(href, base).map_err(|_| "This is no address.".to_owned())?;
    match url.protocol().as_str() {
        "http:" | "https:" => Ok(url.href()),
        scheme => Err(format!("{scheme} is not followed here.")),
    }
}

struct Reader<'a> {
    base: &'a str,
    page: &'a mut Page,
    left: usize,
}

impl Reader<'_> {
    fn leave_out(&mut self, name: &str, count: u32) {
        if count > 0 {
            let name = name.chars().take(40).collect();
            *self.page.left_out.or_insert_with(name, || 0) += count;
        }
    }

    fn children(&mut self, node: &Node, depth: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut next = node.first_child();
        while let Some(child) = next {
            if self.left == 0 || depth == DEPTH_MAX {
                self.page.is_cut = true;
                break;
            }
            self.left -= 1;
            match child.dyn_ref::<Element>() {
                Some(element) => self.element(element, depth, &mut pieces),
                None if child.node_type() == Node::TEXT_NODE => {
                    pieces.push(Piece::Text(child.node_value().unwrap_or_default()));
                }
                None => {}
            }
            next = child.next_sibling();
        }
        pieces
    }

    fn element(&mut self, element: &Element, depth: usize, pieces: &mut Vec<Piece>) {
        let name = element.tag_name().to_ascii_lowercase();
        let attribute = |name: &str| element.get_attribute(name);
        if DROPPED.contains(&name.as_str()) {
            self.leave_out(&name, 1);
            return;
        }
        if let Some(tag) = KEPT.iter().find(|tag| **tag == name) {
            let children = self.children(element, depth + 1);
            pieces.push(Piece::Element(tag, children));
            return;
        }
        match name.as_str() {
            "a" => {
                let children = self.children(element, depth + 1);
                match attribute("href") {
                    Some(href) => pieces.push(Piece::Link(resolve(&href, self.base), children)),
                    None => pieces.push(Piece::Element("span", children)),
                }
            }
            // The page around has headings of its own above these.
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let tag = match name.as_str() {
                    "h1" => "h4",
                    "h2" => "h5",
                    _ => "h6",
                };
                let children = self.children(element, depth + 1);
                pieces.push(Piece::Element(tag, children));
            }
            "img" => {
                self.leave_out("img", 1);
                pieces.push(Piece::Image(attribute("alt").unwrap_or_default()));
            }
            "form" => {
                let action = attribute("action").filter(|action| !action.is_empty());
                let form = Form {
                    action: resolve(action.as_deref().unwrap_or(self.base), self.base),
                    posts: attribute("method")
                        .is_some_and(|method| method.eq_ignore_ascii_case("post")),
                    encoding: match attribute("enctype")
                        .unwrap_or_default()
                        .to_ascii_lowercase()
                        .as_str()
                    {
                        "multipart/form-data" => Encoding::Multipart,
                        "text/plain" => Encoding::Text,
                        _ => Encoding::Url,
                    },
                };
                let children = self.children(element, depth + 1);
                pieces.push(Piece::Form(form, children));
            }
            "input" | "textarea" | "select" | "button" => {
                pieces.push(Piece::Field(field(element, &name)))
            }
            // html, main, label, noscript, and whatever somebody made up.
            _ => {
                let children = self.children(element, depth + 1);
                let is_block = matches!(
                    name.as_str(),
                    "main"
                        | "nav"
                        | "header"
                        | "footer"
                        | "aside"
                        | "fieldset"
                        | "figure"
                        | "center"
                );
                pieces.push(Piece::Element(
                    if is_block { "div" } else { "span" },
                    children,
                ));
            }
        }
    }
}

fn field(element: &Element, tag: &str) -> Field {
    let attribute = |name: &str| element.get_attribute(name).unwrap_or_default();
    let kind = attribute("type").to_ascii_lowercase();
    let text = || element.text_content().unwrap_or_default();
    let mut field = Field {
        kind: FieldKind::Idle,
        name: attribute("name"),
        value: attribute("value"),
        label: String::new(),
        is_on: element.has_attribute("checked"),
    };
    field.kind = match (tag, kind.as_str()) {
        ("textarea", _) => {
            field.value = text();
            FieldKind::Area
        }
        ("select", _) => {
            let options = element.get_elements_by_tag_name("option");
            let options = (0..options.length().min(500)).filter_map(|place| options.item(place));
            FieldKind::Select(
                options
                    .map(|option| {
                        let text = option.text_content().unwrap_or_default();
                        let text = text.trim().to_owned();
                        let value = option
                            .get_attribute("value")
                            .unwrap_or_else(|| text.clone());
                        (value, text, option.has_attribute("selected"))
                    })
                    .collect(),
            )
        }
        ("button", "button" | "reset") | ("input", "button" | "reset" | "file") => FieldKind::Idle,
        ("button", _) | ("input", "submit" | "image") => FieldKind::Submit,
        (_, kind) => FieldKind::Input(
            INPUTS
                .iter()
                .find(|known| **known == kind)
                .unwrap_or(&"text"),
        ),
    };
    field.label = match (tag, field.kind == FieldKind::Submit) {
        ("button", _) => text(),
        (_, true) if field.value.is_empty() => "Submit".to_owned(),
        (_, true) => field.value.clone(),
        _ => [
            attribute("aria-label"),
            attribute("placeholder"),
            field.name.clone(),
        ]
        .into_iter()
        .find(|label| !label.is_empty())
        .unwrap_or_else(|| "Field".to_owned()),
    };
    field
}
