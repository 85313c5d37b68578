// SPDX-License-Identifier: EUPL-1.2
import { expect, test } from 'vitest'
import { encodeUtf8 } from '../../static/ts/bytes'
import { safeName, safeNames } from '../../static/ts/pages/opening/file-names'

test.each([
  ['DC1 – candidature.pdf', 'DC1 – candidature.pdf'],
  ['prix : <a>|b?*"c".csv', 'prix _ _a__b___c_.csv'],
  ['..\\..\\autoexec.bat', '.._.._autoexec.bat'],
  ['../../etc', '.._.._etc'],
  ['.htaccess', '.htaccess'],
  ['fin. ', 'fin__'],
  ['...', '___'],
  [' espace', '_espace'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['Lpt1.pdf', '_Lpt1.pdf'],
  ['console.txt', 'console.txt'],
  ['raccourci.LNK', 'raccourci.LNK_'],
  ['facture\u202efdp.exe', 'facture_fdp.exe'],
  // Chrome 156 refuses these, which bids have: of Word, of a page of the web, of Windows.
  ['~$offre.docx', '_$offre.docx'],
  ['prix~', 'prix_'],
  ['mémoire tech\u00adnique.pdf', 'mémoire tech_nique.pdf'],
  ['a\u200bb\u200dc\ufeff', 'a_b_c_'],
  ['\u00a0prix.pdf\u3000', '_prix.pdf_'],
  ['a\uffff', 'a_'],
  ['desktop.ini', '_desktop.ini'],
  ['Thumbs.db', '_Thumbs.db'],
  ['dossier.{20D04FE0-3AEA-1069-A2D8-08002B30309D}', 'dossier.{20D04FE0-3AEA-1069-A2D8-08002B30309D}_'],
  ['a~1.pdf', 'a~1.pdf'],
])('safeName makes %j safe', (name, expected) => {
  expect(safeName(name)).toBe(expected)
})

test.each([
  [
    ['a.pdf', 'A.PDF', 'a.pdf'],
    ['a.pdf', 'A (2).PDF', 'a (3).pdf'],
  ],
  [
    ['a?', 'a*', 'a_'],
    ['a_', 'a_ (2)', 'a_ (3)'],
  ],
  [
    ['é', 'e\u0301'],
    ['é', 'e\u0301 (2)'],
  ],
  [
    ['straße', 'STRASSE'],
    ['straße', 'STRASSE (2)'],
  ],
  [
    ['a (2).pdf', 'a.pdf', 'A.pdf'],
    ['a (2).pdf', 'a.pdf', 'A (3).pdf'],
  ],
  [
    ['.profile', '.PROFILE'],
    ['.profile', '.PROFILE (2)'],
  ],
])('safeNames tells %j apart', (names, expected) => {
  expect(safeNames(names)).toEqual(expected)
})

test('safeNames leaves room for a number, and for what Chrome adds while it writes', () => {
  const longest = 'é'.repeat(125) + '.PDF' // 254 bytes
  const suffix = 'a.' + 'b'.repeat(253)

  const names = safeNames([longest, longest.toLowerCase(), suffix, 'a'.repeat(240), '\u{1f600}'.repeat(63)])

  expect(names).toEqual([
    `${'é'.repeat(118)}.PDF`,
    `${'é'.repeat(118)} (2).pdf`,
    `a.${'b'.repeat(238)}`,
    'a'.repeat(240),
    '\u{1f600}'.repeat(60),
  ])
  for (const name of names) expect(encodeUtf8(`${name}.crswap`).length).toBeLessThanOrEqual(255)
})
