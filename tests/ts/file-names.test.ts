// SPDX-License-Identifier: EUPL-1.2
import { expect, test } from 'vitest'
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
