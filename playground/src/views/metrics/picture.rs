//! A chart as a file of its own: SVG with everything in it, in the colours of the page as it is.

use std::fmt::Write;

use recording::Axis;

use super::{
    super::drawn::{draw, drawn},
    Sheet,
    panel::{Ink, Panel},
};

const LEFT_PX: f64 = 56.0;
const RIGHT_PX: f64 = 16.0;
const HEAD_PX: f64 = 44.0;
const ROW_HEAD_PX: f64 = 22.0;
const FOOT_PX: f64 = 32.0;

/// What the tokens are at the moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    pub ground: String,
    pub ink: String,
    pub ink_2: String,
    pub rule: String,
    pub failed: String,
}

/// As text, with its width and height.
pub fn svg(sheet: &Sheet, axis: &Axis, palette: &Palette) -> (String, f64, f64) {
    let width_px = axis.width_px() + LEFT_PX + RIGHT_PX;
    let heights = sheet
        .rows
        .iter()
        .map(|row| row.panel.height_px + ROW_HEAD_PX);
    let height_px = HEAD_PX + heights.sum::<f64>() + FOOT_PX;
    let Palette {
        ground,
        ink,
        ink_2,
        rule,
        ..
    } = palette;
    let mut svg = drawn(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"#\" height=\"#\" viewBox=\"0 0 # #\" ",
        &[width_px, height_px, width_px, height_px],
    );
    // Writing to a string does not fail.
    let _ = write!(
        svg,
        "font-family=\"Hanken Grotesk, system-ui, sans-serif\" font-size=\"11\">\
         <pattern id=\"hatch\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect width=\"4\" height=\"4\" fill=\"{ground}\"/><rect width=\"1.6\" height=\"4\" fill=\"{ink}\"/></pattern>\
         <rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>"
    );
    let text = |svg: &mut String, x_px: f64, y_px: f64, rest: &str, words: &str| {
        draw(svg, "<text x=\"#\" y=\"#\" ", &[x_px, y_px]);
        let _ = write!(svg, "{rest}>{}</text>", escaped(words));
    };
    let strong = format!("font-size=\"13\" font-weight=\"600\" fill=\"{ink}\"");
    let plain = format!("fill=\"{ink_2}\"");
    let end = format!("fill=\"{ink_2}\" text-anchor=\"end\"");
    let middle = format!("fill=\"{ink_2}\" text-anchor=\"middle\"");
    text(&mut svg, 12.0, 20.0, &strong, sheet.name);
    text(&mut svg, 12.0, 36.0, &plain, &sheet.meaning);
    let mut top_px = HEAD_PX;
    for row in &sheet.rows {
        top_px += ROW_HEAD_PX;
        text(&mut svg, LEFT_PX, top_px - 6.0, &plain, &row.name);
        for (y_px, label) in &row.panel.ticks {
            let y_px = top_px + y_px;
            let to_px = LEFT_PX + row.panel.width_px;
            draw(&mut svg, "<path d=\"M# #H#\"", &[LEFT_PX, y_px, to_px]);
            let _ = write!(svg, " stroke=\"{rule}\"/>");
            text(&mut svg, LEFT_PX - 8.0, y_px + 4.0, &end, label);
        }
        draw(
            &mut svg,
            "<g transform=\"translate(# #)\">",
            &[LEFT_PX, top_px],
        );
        shapes(&mut svg, &row.panel, palette);
        svg.push_str("</g>");
        top_px += row.panel.height_px;
    }
    for tick in axis.ticks() {
        text(
            &mut svg,
            LEFT_PX + tick.x_px,
            top_px + 18.0,
            &middle,
            &tick.label,
        );
    }
    text(&mut svg, width_px - 4.0, top_px + 18.0, &end, axis.unit());
    svg.push_str("</svg>");
    (svg, width_px, height_px)
}

fn shapes(svg: &mut String, panel: &Panel, palette: &Palette) {
    const OPACITIES: [&str; 5] = [".2", ".38", ".56", ".76", "1"];
    const WEIGHTS: [&str; 3] = ["2.5", "1.5", "1"];
    for shape in &panel.shapes {
        let look = match shape.ink {
            Ink::Bar => format!("fill=\"{}\"", palette.ink_2),
            Ink::Area => format!("fill=\"{}\" fill-opacity=\".24\"", palette.ink),
            Ink::Failed => format!("fill=\"{}\"", palette.failed),
            Ink::Blocked => format!("fill=\"url(#hatch)\" stroke=\"{}\"", palette.ink),
            Ink::Line(weight) => {
                let weight = WEIGHTS[usize::from(weight)];
                format!(
                    "fill=\"none\" stroke=\"{}\" stroke-width=\"{weight}\"",
                    palette.ink
                )
            }
            Ink::Shade(shade) => {
                let opacity = OPACITIES[usize::from(shade)];
                format!("fill=\"{}\" fill-opacity=\"{opacity}\"", palette.ink)
            }
        };
        let _ = write!(svg, "<path d=\"{}\" {look}/>", shape.path);
    }
}

/// Names are the reader's own, and may be anything.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML knows no others.
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
