// SPDX-License-Identifier: EUPL-1.2
// Names that bidders wrote, made such that any computer keeps them, and apart.

// eslint-disable-next-line no-control-regex -- they are what goes, with what Windows refuses and what hides the end of a name
const UNSAFE = /[<>:"/\\|?*\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(?=\.|$)/i // devices of Windows
const ACTIVE = /\.(lnk|local|scf|url|desktop)$/i // what a file manager follows, and browsers do not write

/** A name that no computer refuses, or takes for anything else than a file. */
export function safeName(name: string): string {
  return name
    .replace(UNSAFE, '_')
    .replace(/[. ]+$/, (end) => '_'.repeat(end.length))
    .replace(/^ +/, (start) => '_'.repeat(start.length))
    .replace(RESERVED, '_$&')
    .replace(ACTIVE, '$&_')
}

/** Safe names, in their order, of which no two are one file where case is not told apart. */
export function safeNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => freeName(safeName(name), taken))
}

function freeName(name: string, taken: Set<string>): string {
  const [, stem = name, suffix = ''] = /^(.+?)(\.[^.]*)?$/.exec(name) ?? []
  let free = name
  for (let number = 2; taken.has(fold(free)); number++) free = `${stem} (${String(number)})${suffix}`
  taken.add(fold(free))
  return free
}

/** As `fold_name` of `envelopes/manifest.py`: "ß" is "ss" too. */
function fold(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}
