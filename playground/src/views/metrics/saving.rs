//! Saving a chart: a small menu with PNG, SVG and CSV.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget};
use yew::{Callback, Html, KeyboardEvent, MouseEvent, UseStateHandle, html};

use super::{Board, Values, picture};
use crate::edge::saving;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Png,
    Svg,
    Csv,
}

/// Of one of the board's sheets. What there is to say of it is `said`.
pub fn menu(board: &Rc<Board>, number: usize, said: &UseStateHandle<Option<String>>) -> Html {
    let sheet = &board.sheets[number];
    let buttons = [
        (Format::Png, "PNG"),
        (Format::Svg, "SVG"),
        (Format::Csv, "CSV"),
    ];
    let buttons = buttons.map(|(format, name)| {
        let (board, said) = (board.clone(), said.clone());
        let onclick = Callback::from(move |event: MouseEvent| {
            shut(event.target());
            said.set(saving::caution().map(str::to_owned));
            let said = said.clone();
            let on_trouble = Callback::from(move |trouble| said.set(Some(trouble)));
            save(&board, number, format, on_trouble);
        });
        html! { <button class="btn" {onclick}>{ name }</button> }
    });
    let onkeydown = Callback::from(|event: KeyboardEvent| {
        if event.key() == "Escape" {
            shut(event.target());
            event.stop_propagation();
        }
    });
    let name = format!("Save {}", sheet.name);
    html! {
        <details class="save" {onkeydown}>
            <summary aria-label={name.clone()} title={name}>{ "Save" }</summary>
            <div>{ for buttons }</div>
        </details>
    }
}

fn shut(within: Option<EventTarget>) {
    let element = within.and_then(|target| target.dyn_into::<Element>().ok());
    let menu = element.and_then(|element| element.closest("details").ok().flatten());
    // What is not open cannot be shut, which is all that can fail.
    let _ = menu.map(|menu| menu.remove_attribute("open"));
}

fn save(board: &Board, number: usize, format: Format, on_trouble: Callback<String>) {
    let sheet = &board.sheets[number];
    let name = sheet.name.to_ascii_lowercase().replace(' ', "-");
    if format == Format::Csv {
        let csv = match &sheet.values {
            Values::Chart(chart) => chart.csv(&board.windows),
            Values::Heat(map) => map.csv(&board.windows),
        };
        return saving::text(&format!("{name}.csv"), "text/csv", &csv, &on_trouble);
    }
    let palette = picture::Palette {
        ground: saving::colour("--plate"),
        ink: saving::colour("--ink"),
        ink_2: saving::colour("--ink-2"),
        rule: saving::colour("--rule"),
        failed: saving::colour("--fail"),
    };
    let (svg, width_px, height_px) = picture::svg(sheet, &board.axis, &palette);
    match format {
        Format::Svg => saving::text(&format!("{name}.svg"), "image/svg+xml", &svg, &on_trouble),
        _ => saving::png(
            &format!("{name}.png"),
            &svg,
            width_px,
            height_px,
            on_trouble,
        ),
    }
}
