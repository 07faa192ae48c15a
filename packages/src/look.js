// How the editor looks: only the page's custom properties, by the names of its tokens.

import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

import { QUEUES } from './glyphs.js';

// Every tag that must look plain is left out: it inherits ink.
const letters = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null, tags.self], fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--ink-2)' },
  { tag: tags.comment, color: 'var(--pencil)', fontStyle: 'italic' },
]);

const colours = Object.fromEntries(
  Object.entries(QUEUES).flatMap(([queue, { colour }]) => [
    [`.cm-pigment-${queue}, .cm-pigment-${queue} *`, { color: `var(--${colour})` }],
    [`.cm-chip.cm-pigment-${queue}`, { background: `var(--${colour}-wash)` }],
  ]),
);
const dress = EditorView.theme({
  '&': { height: '100%', background: 'transparent', color: 'var(--ink)', font: 'var(--code)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'inherit',
    fontVariantLigatures: 'none',
    lineHeight: 'inherit',
    scrollbarWidth: 'thin',
    scrollbarColor: 'var(--rule) transparent',
  },
  '.cm-content': { padding: '12px 0', caretColor: 'var(--moss)' },
  '.cm-line': { padding: '0 16px 0 0' },
  '.cm-line::selection, .cm-line ::selection': { background: 'color-mix(in srgb, var(--moss) 30%, transparent)' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--moss)' },

  '.cm-gutters': { background: 'var(--sheet)', color: 'var(--pencil)', border: '0' },
  '.cm-glyphs': { width: '24px' },
  '.cm-glyphs .cm-gutterElement': { display: 'grid', placeItems: 'center' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '32px', padding: '0 12px 0 0', fontSize: '11px' },
  '.cm-chip': {
    display: 'grid',
    placeItems: 'center',
    width: '16px',
    height: '16px',
    borderRadius: 'var(--r1)',
    boxShadow: 'inset 0 0 0 1px color-mix(in srgb, currentColor 40%, transparent)',
  },
  '.cm-glyph, .cm-glyph-fail': {
    width: '10px',
    height: '10px',
    fill: 'none',
    stroke: 'currentColor',
    strokeWidth: '1.5',
    strokeLinecap: 'round',
    strokeLinejoin: 'round',
  },
  '.cm-glyph-now': { width: '10px', height: '10px', fill: 'var(--moss)' },
  '.cm-glyph-fail': { color: 'var(--fail)' },

  '.cm-pigment': {
    fontWeight: '500',
    textDecoration: 'underline',
    textDecorationThickness: '1px',
    textUnderlineOffset: '5px',
  },
  ...colours,

  '.cm-mark-now, .cm-mark-look': { background: 'var(--moss-wash)' },
  '.cm-mark-fail': { background: 'var(--fail-wash)' },
  '.cm-gutterElement.cm-mark-now, .cm-gutterElement.cm-mark-fail': { color: 'var(--ink)', fontWeight: '600' },

  '&.cm-focused .cm-matchingBracket, .cm-matchingBracket': {
    background: 'none',
    boxShadow: 'inset 0 -1px 0 var(--ink), inset 0 1px 0 var(--ink)',
  },
  '&.cm-focused .cm-nonmatchingBracket, .cm-nonmatchingBracket': { background: 'none', color: 'var(--fail)' },

  '.cm-searchMatch': { background: 'none', boxShadow: 'inset 0 0 0 1px var(--rule-2)' },
  '.cm-searchMatch-selected': { background: 'var(--moss-wash)', boxShadow: 'inset 0 0 0 1px var(--moss)' },
  '.cm-panels': { background: 'var(--paper)', color: 'var(--ink)', zIndex: '2' },
  '.cm-panels-top': { borderBottom: '1px solid var(--rule)' },
  '.cm-panel.cm-search, .cm-panel.cm-gotoLine': { padding: '8px 48px 4px 16px', font: 'var(--ui)' },
  '.cm-panel.cm-search label, .cm-panel.cm-gotoLine label': {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '4px',
    height: '32px',
    margin: '0 8px 4px 0',
    verticalAlign: 'middle',
    font: 'var(--small)',
    color: 'var(--ink-2)',
  },
  '.cm-panel input[type=checkbox]': { accentColor: 'var(--moss)', margin: '0' },
  '.cm-textfield': {
    height: '32px',
    width: '176px',
    maxWidth: '100%',
    margin: '0 4px 4px 0 !important',
    padding: '0 8px',
    verticalAlign: 'middle',
    border: '1px solid var(--rule-2)',
    borderRadius: 'var(--r2)',
    background: 'var(--sheet)',
    color: 'var(--ink)',
    font: 'var(--code)',
  },
  '.cm-textfield::placeholder': { color: 'var(--pencil)', opacity: '1' },
  '.cm-button': {
    height: '32px',
    margin: '0 0 4px !important',
    padding: '0 8px',
    verticalAlign: 'middle',
    border: '1px solid transparent',
    borderRadius: 'var(--r2)',
    background: 'none',
    color: 'var(--ink-2)',
    font: 'var(--ui)',
    cursor: 'pointer',
  },
  '.cm-button:hover, .cm-button:active': { background: 'color-mix(in srgb, var(--moss) 12%, transparent)', color: 'var(--ink)' },
  '.cm-panel.cm-search [name=close], .cm-panel.cm-gotoLine [name=close]': {
    top: '8px',
    right: '8px',
    width: '32px',
    height: '32px',
    borderRadius: 'var(--r2)',
    color: 'var(--ink-2)',
    font: '400 20px/32px var(--sans)',
    cursor: 'pointer',
  },
  '.cm-textfield:focus-visible, .cm-button:focus-visible, .cm-panel [name=close]:focus-visible': {
    outline: '2px solid var(--moss)',
    outlineOffset: '1px',
  },
  '@media (max-width: 639px)': {
    '&': { fontSize: '12px' },
    '.cm-glyphs': { width: '20px' },
    '.cm-lineNumbers .cm-gutterElement': { minWidth: '24px', padding: '0 8px 0 0' },
  },
  '@media (pointer: coarse)': {
    // Smaller text fields make iOS zoom into the page.
    '.cm-textfield': { height: '44px', fontSize: '16px' },
    '.cm-button, .cm-panel.cm-search [name=close]': { height: '44px' },
  },
});

export const look = [dress, syntaxHighlighting(letters)];
