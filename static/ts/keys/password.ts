// SPDX-License-Identifier: EUPL-1.2
/** From « found at once » to « out of reach »: what a person is shown while choosing a password. */
export type Strength = 0 | 1 | 2 | 3 | 4

const THRESHOLDS = [28, 40, 56, 72] // bits at which the strengths 1, 2, 3 and 4 begin
const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 33],
]
// What lists of leaked passwords begin with, in this trade and language, once written as `plain` does.
const COMMON = [
  'password',
  'motdepasse',
  'azerty',
  'qwerty',
  'qsdfgh',
  'bonjour',
  'admin',
  'marche',
  'cle',
  'chiffrement',
  'mairie',
  'secret',
  'soleil',
  'welcome',
  'iloveyou',
]

/**
 * A rough strength: the bits of a random text of these classes, where whatever is guessable counts as one character.
 *
 * Guessable is: a common word (also written with 4, 3, 1, 0, 5, @, $), a year, a run (abcd, 9876), a repetition. An attacker who has the
 * file can try some thousand passwords a second for each processor (600,000 iterations): 3 is for keys that last two years.
 * A heuristic to guide, not a proof: it knows no dictionary.
 */
export function estimateStrength(password: string): Strength {
  const bits = countUnpredictable(password) * Math.log2(alphabetSize(password))
  return THRESHOLDS.filter((threshold) => bits >= threshold).length as Strength
}

function alphabetSize(password: string): number {
  return CLASSES.reduce((size, [pattern, count]) => size + (pattern.test(password) ? count : 0), 0) || 1
}

function countUnpredictable(password: string): number {
  let left = plain(password.replace(/(?:19|20)\d\d/g, '\0'))
  for (const word of COMMON) left = left.replaceAll(word, '\0')
  return Array.from(left).filter((_, i, characters) => !continuesRun(characters, i)).length
}

/** Lower case, without accents nor the usual substitutions; digits that are no letter of a common word stay. */
function plain(password: string): string {
  const bare = password.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const spelt = bare.replace(/[@431!0$5]/g, (character) => SUBSTITUTES[character] ?? character)
  return COMMON.some((word) => spelt.includes(word)) ? spelt : bare
}

const SUBSTITUTES: Readonly<Record<string, string>> = { '@': 'a', 4: 'a', 3: 'e', 1: 'i', '!': 'i', 0: 'o', $: 's', 5: 's' }

/** Whether the character repeats, or goes one step from, the one before, as that one did from its own. */
function continuesRun(characters: readonly string[], i: number): boolean {
  const [a, b, c] = characters.slice(Math.max(0, i - 2), i + 1).map((character) => character.charCodeAt(0))
  return a !== undefined && b !== undefined && c !== undefined && b - a === c - b && Math.abs(c - b) <= 1
}
