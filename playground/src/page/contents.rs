//! The table of contents: what there is to learn, and what is done.

use std::collections::BTreeSet;

use protocol::lesson::Catalog;
use yew::prelude::*;

use crate::state::route::Route;

pub fn contents(catalog: &Catalog, done: &BTreeSet<String>) -> Html {
    let chapters = catalog.chapters.iter().map(|chapter| {
        let lessons = chapter.lessons.iter().enumerate().map(|(index, lesson)| {
            let done = done.contains(&lesson.id);
            html! {
                <li>
                    <a href={Route::Lesson(lesson.id.clone()).hash()}>
                        <i>{ index + 1 }</i>
                        <span class="what"><b>{ &lesson.title }</b><span>{ &lesson.summary }</span></span>
                        <span class="minutes">
                            { if done { "done".to_string() } else { format!("{} minutes", lesson.minutes) } }
                        </span>
                    </a>
                </li>
            }
        });
        html! {
            <section aria-label={chapter.title.clone()}>
                <h2>{ &chapter.title }</h2>
                <ol class="toc">{ for lessons }</ol>
            </section>
        }
    });
    html! {
        <main class="book" id="main" tabindex="-1">
            <header class="front">
                <h1>{ "A whole backend in a jar" }</h1>
                <p>{ "Real Node code, running inside this page on a clock of its own. Read a little, change the code, run it, \
                     and step back and forth through everything that happened." }</p>
            </header>
            { for chapters }
        </main>
    }
}
