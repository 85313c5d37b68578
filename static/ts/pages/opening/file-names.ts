// SPDX-License-Identifier: EUPL-1.2
// Names that bidders wrote, made such that any computer keeps them, and apart.

import { encodeUtf8 } from '../../bytes'

// What Windows or Chrome refuses anywhere in a name, and what hides the end of one.
const UNSAFE = /[<>:"/\\|?*\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}]/gu
const UNSAFE_ENDS = /^[\p{White_Space}~]+|[\p{White_Space}.~]+$/gu // likewise, at the ends
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]|desktop\.ini|thumbs\.db)(?=\.|$)/i // of Windows
const ACTIVE = /\.(lnk|local|scf|url|desktop|\{[^.]*\})$/i // what a file manager follows, and browsers do not write
const LONGEST = 240 // bytes of UTF-8: of 255, Chrome takes seven while it writes, and a number may come
const LONGEST_SUFFIX = 20 // bytes

/** A name that no computer refuses, or takes for anything else than a file. */
export function safeName(name: string): string {
  return shortened(name.replace(UNSAFE, '_'))
    .replace(UNSAFE_ENDS, (end) => '_'.repeat(end.length))
    .replace(RESERVED, '_$&')
    .replace(ACTIVE, '$&_')
}

/** Safe names, in their order, of which no two are one file where case is not told apart. */
export function safeNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => freeName(safeName(name), taken))
}

function freeName(name: string, taken: Set<string>): string {
  const [stem, suffix] = parts(name)
  let free = name
  for (let number = 2; taken.has(fold(free)); number++) free = `${stem} (${String(number)})${suffix}`
  taken.add(fold(free))
  return free
}

/** The beginning of a name that is too long, and its suffix. */
function shortened(name: string): string {
  if (encodeUtf8(name).length <= LONGEST) return name
  const [stem, suffix] = parts(name)
  const kept = encodeUtf8(suffix).length > LONGEST_SUFFIX ? '' : suffix
  const characters = Array.from(kept === '' ? name : stem)
  while (encodeUtf8(characters.join('') + kept).length > LONGEST) characters.pop()
  return characters.join('') + kept
}

function parts(name: string): [stem: string, suffix: string] {
  const [, stem = name, suffix = ''] = /^(.+?)(\.[^.]*)?$/u.exec(name) ?? []
  return [stem, suffix]
}

/** As `fold_name` of `envelopes/manifest.py`: "ß" is "ss" too. */
function fold(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}
