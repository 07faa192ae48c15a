//! The bar on top: where one is, how far, and the light.

use std::{collections::BTreeSet, rc::Rc};

use protocol::lesson::{Catalog, Chapter};
use yew::prelude::*;

use super::icons::{self, Icon};
use crate::state::{route::Route, theme::Theme};

#[derive(Properties, PartialEq)]
pub struct TopBarProps {
    pub catalog: Option<Rc<Catalog>>,
    pub route: Route,
    /// Ids of lessons whose checks have passed.
    pub done: Rc<BTreeSet<String>>,
    pub theme: Theme,
    pub on_theme: Callback<()>,
}

#[component]
pub fn TopBar(props: &TopBarProps) -> Html {
    let place = match (&props.route, &props.catalog) {
        (Route::Lesson(id), Some(catalog)) => find(catalog, id),
        _ => None,
    };
    let toggle = props.on_theme.reform(|_: MouseEvent| ());
    let light = match props.theme {
        Theme::System => "as your system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    let label = format!("Light or dark: {light}");
    html! {
        <header class="top">
            <a class="mark" href="#/" aria-label="Terrarium, all lessons">
                { icons::mark() }<span class="word">{ "Terrarium" }</span>
            </a>
            if let Some((chapter, number)) = place {
                <nav class="trail" aria-label="Where you are">
                    <span class="sep">{ "/" }</span>
                    <a class="up" href="#/">{ &chapter.title }</a>
                    <span class="sep up">{ "/" }</span>
                    <span aria-current="page">{ &chapter.lessons[number].title }</span>
                    { ruler(chapter, number, &props.done) }
                </nav>
            }
            <span class="grow"></span>
            <button class="icon" onclick={toggle} aria-label={label.clone()} title={label}>
                { icons::icon(Icon::Theme) }
            </button>
        </header>
    }
}

fn ruler(chapter: &Chapter, here: usize, done: &BTreeSet<String>) -> Html {
    let count = chapter
        .lessons
        .iter()
        .filter(|lesson| done.contains(&lesson.id))
        .count();
    let label = format!(
        "Lesson {} of {}, {count} done",
        here + 1,
        chapter.lessons.len()
    );
    let marks = chapter.lessons.iter().enumerate().map(|(index, lesson)| {
        let class = classes!(
            (index == here).then_some("here"),
            done.contains(&lesson.id).then_some("done")
        );
        html! { <i {class}></i> }
    });
    html! { <span class="ruler" role="img" aria-label={label}>{ for marks }</span> }
}

fn find<'a>(catalog: &'a Catalog, id: &str) -> Option<(&'a Chapter, usize)> {
    catalog.chapters.iter().find_map(|chapter| {
        let number = chapter.lessons.iter().position(|lesson| lesson.id == id)?;
        Some((chapter, number))
    })
}
