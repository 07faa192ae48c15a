//! The frame: which page is open, what has been loaded, and the light. A lesson's own page is [`lesson`].

use std::{collections::BTreeSet, rc::Rc};

use gloo::events::EventListener;
use protocol::lesson::{Catalog, Lesson};
use yew::prelude::*;

pub mod choices;
pub mod client;
pub mod console;
pub mod contents;
pub mod editor;
pub mod exchange;
pub mod explore;
pub mod further;
pub mod icons;
pub mod lesson;
pub mod look;
pub mod outcome;
pub mod predict;
pub mod prose;
pub mod top_bar;
pub mod versus;
pub mod visit;

use self::{
    lesson::LessonPage,
    top_bar::{TopBar, TopBarProps},
};
use crate::{
    edge::{
        assets, browser, editor as editor_edge, editor::EditorModule, jar::Simulation, storage,
    },
    erased::erased,
    state::{route::Route, theme::Theme},
};

pub enum Message {
    Route(Route),
    Catalog(Result<Catalog, String>),
    Lesson {
        id: String,
        lesson: Result<Box<Lesson>, String>,
    },
    Simulation(Result<Simulation, String>),
    Editor(Result<EditorModule, String>),
    Theme,
    Done(String),
    Notice(String),
    Dismiss,
}

/// Something that is fetched.
enum Loaded<T> {
    Waiting,
    Here(T),
    /// The sentence that says why not.
    Failed(String),
}

pub struct App {
    route: Route,
    theme: Theme,
    catalog: Loaded<Rc<Catalog>>,
    lesson: Loaded<Rc<Lesson>>,
    simulation: Option<Rc<Simulation>>,
    editor: Option<EditorModule>,
    done: Rc<BTreeSet<String>>,
    notice: Option<String>,
    _route: EventListener,
}

impl Component for App {
    type Message = Message;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let theme = storage::get(storage::THEME).map_or(Theme::System, |name| Theme::named(&name));
        browser::show_theme(theme);
        ctx.link()
            .send_future(async { Message::Catalog(assets::catalog().await) });
        ctx.link()
            .send_future(async { Message::Simulation(assets::simulation().await) });
        ctx.link()
            .send_future(async { Message::Editor(editor_edge::module().await) });
        let app = Self {
            route: browser::route(),
            theme,
            catalog: Loaded::Waiting,
            lesson: Loaded::Waiting,
            simulation: None,
            editor: None,
            done: Rc::default(),
            notice: None,
            _route: EventListener::new(&gloo::utils::window(), "hashchange", move |_| {
                link.send_message(Message::Route(browser::route()));
            }),
        };
        app.load(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        match message {
            Message::Route(route) => {
                if route == self.route {
                    return false;
                }
                self.route = route;
                self.lesson = Loaded::Waiting;
                self.notice = None;
                self.load(ctx);
                self.title();
            }
            Message::Catalog(catalog) => {
                self.catalog = match catalog {
                    Ok(catalog) => {
                        self.done = Rc::new(done(&catalog));
                        Loaded::Here(Rc::new(catalog))
                    }
                    Err(sentence) => Loaded::Failed(sentence),
                };
            }
            Message::Lesson { id, lesson } => {
                if self.route != Route::Lesson(id) {
                    return false;
                }
                self.lesson = match lesson {
                    Ok(lesson) => Loaded::Here(Rc::from(lesson)),
                    Err(sentence) => Loaded::Failed(sentence),
                };
                self.title();
            }
            Message::Simulation(Ok(simulation)) => self.simulation = Some(Rc::new(simulation)),
            Message::Editor(Ok(editor)) => self.editor = Some(editor),
            Message::Simulation(Err(sentence))
            | Message::Editor(Err(sentence))
            | Message::Notice(sentence) => {
                self.notice = Some(sentence);
            }
            Message::Dismiss => self.notice = None,
            Message::Theme => {
                self.theme = self.theme.next();
                browser::show_theme(self.theme);
                // Without storage the choice lasts as long as the page.
                let _ = storage::set(storage::THEME, self.theme.name());
            }
            Message::Done(id) => {
                Rc::make_mut(&mut self.done).insert(id);
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let catalog = match &self.catalog {
            Loaded::Here(catalog) => Some(catalog.clone()),
            _ => None,
        };
        let top_bar = erased::<TopBar>(TopBarProps {
            catalog,
            route: self.route.clone(),
            done: self.done.clone(),
            theme: self.theme,
            on_theme: link.callback(|()| Message::Theme),
        });
        html! {
            <>
                <a class="skip" href="#main" onclick={skip()}>{ "Skip to the text" }</a>
                { top_bar }
                if let Some(sentence) = &self.notice {
                    <div class="notice" role="alert">
                        <p>{ sentence }</p>
                        <button class="icon" aria-label="Dismiss" onclick={link.callback(|_: MouseEvent| Message::Dismiss)}>{ icons::icon(icons::Icon::Close) }</button>
                    </div>
                }
                { self.content(ctx) }
            </>
        }
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if first {
            browser::remove_placeholder();
        }
    }
}

impl App {
    fn content(&self, ctx: &Context<Self>) -> Html {
        match (&self.route, &self.catalog, &self.lesson) {
            (Route::Contents, Loaded::Here(catalog), _) => contents::contents(catalog, &self.done),
            (Route::Contents, Loaded::Failed(sentence), _)
            | (Route::Lesson(_), _, Loaded::Failed(sentence)) => {
                html! {
                    <main class="book" id="main" tabindex="-1">
                        <div class="trap" role="alert">
                            <h3>{ "This page is not here" }</h3>
                            <p>{ sentence }</p>
                            <p class="acts"><a class="btn" href="#/">{ "All lessons" }</a></p>
                        </div>
                    </main>
                }
            }
            (Route::Lesson(_), _, Loaded::Here(lesson)) => {
                let (number, of) = self.position(&lesson.id);
                html! {
                    <LessonPage key={lesson.id.clone()} lesson={lesson.clone()} {number} {of} simulation={self.simulation.clone()}
                        editor={self.editor.clone()} on_done={ctx.link().callback(Message::Done)}
                        on_notice={ctx.link().callback(Message::Notice)} />
                }
            }
            _ => html! { <main class="waiting" id="main" tabindex="-1" aria-busy="true"></main> },
        }
    }

    fn position(&self, id: &str) -> (usize, usize) {
        let Loaded::Here(catalog) = &self.catalog else {
            return (1, 1);
        };
        let found = catalog.chapters.iter().find_map(|chapter| {
            let number = chapter.lessons.iter().position(|lesson| lesson.id == id)?;
            Some((number + 1, chapter.lessons.len()))
        });
        found.unwrap_or((1, 1))
    }

    fn load(&self, ctx: &Context<Self>) {
        if let Route::Lesson(id) = self.route.clone() {
            ctx.link().send_future(async move {
                let lesson = assets::lesson(&id).await.map(Box::new);
                Message::Lesson { id, lesson }
            });
        }
    }

    fn title(&self) {
        match (&self.route, &self.lesson) {
            (Route::Lesson(_), Loaded::Here(lesson)) => {
                browser::set_title(&format!("{} · Terrarium", lesson.title))
            }
            _ => browser::set_title("Terrarium"),
        }
    }
}

/// The address is the page's route, so the link moves the focus itself.
fn skip() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| {
        event.prevent_default();
        let main = gloo::utils::document().get_element_by_id("main");
        if let Some(main) =
            main.and_then(|main| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(main).ok())
        {
            // Focusing an element that is in the page cannot fail.
            let _ = main.focus();
        }
    })
}

fn done(catalog: &Catalog) -> BTreeSet<String> {
    let mut done = BTreeSet::new();
    for lesson in catalog.chapters.iter().flat_map(|chapter| &chapter.lessons) {
        if storage::get(&storage::done_key(&lesson.id)).is_some() {
            done.insert(lesson.id.clone());
        }
    }
    done
}
